//! Writes Nexmark's events, one JSON object a line, with the fields and in the order that Nexmark's Kafka table for Flink has
//! them: the type, and of person, auction and bid the one that the event is; the other two are null.
//!
//! The same arguments give the same bytes: the crate seeds its random numbers with the number of the event, and the time of the
//! first event is fixed here.
//!
//!     nexmark_events --events 20000 [--spacing-ms 10000] [--first 0]
//!     nexmark_events --side-input 10000

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use nexmark::EventGenerator;
use nexmark::config::NexmarkConfig;
use nexmark::event::Event;

/// 2024-02-28 22:00:00 UTC: the events go over the end of a day, and over a leap day where they are many.
const BASE_TIME_MS: u64 = 1_709_157_600_000;
const DEFAULT_SPACING_MS: usize = 10_000;

/// A text as a JSON string.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("\"")?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(out, "\\{character}")?,
                '\0'..='\u{1f}' => write!(out, "\\u{:04x}", character as u32)?,
                _ => write!(out, "{character}")?,
            }
        }
        out.write_str("\"")
    }
}

/// Milliseconds since 1970 as Flink's JSON format writes a TIMESTAMP(3), a JSON string: "2024-02-28 22:00:00.25".
struct Time(u64);

impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0 / 1000, self.0 % 1000);
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil(days);
        write!(out, "\"{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)?;
        if millis != 0 {
            let digits = format!("{millis:03}");
            write!(out, ".{}", digits.trim_end_matches('0'))?;
        }
        out.write_str("\"")
    }
}

/// Year, month and day of so many days since 1970, in the Gregorian calendar, by eras of 400 years that begin on the first of
/// March.
fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_TO_1970: u64 = 719_468;
    const DAYS_OF_ERA: u64 = 146_097;
    let day = (days + DAYS_TO_1970) % DAYS_OF_ERA;
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let era = (days + DAYS_TO_1970) / DAYS_OF_ERA;
    (year + era * 400 + u64::from(month <= 2), month, day_of_year - (153 * march_month + 2) / 5 + 1)
}

fn write_event(out: &mut impl Write, event: &Event) -> io::Result<()> {
    match event {
        Event::Person(p) => writeln!(
            out,
            "{{\"event_type\":0,\"person\":{{\"id\":{},\"name\":{},\"emailAddress\":{},\"creditCard\":{},\"city\":{},\
             \"state\":{},\"dateTime\":{},\"extra\":{}}},\"auction\":null,\"bid\":null}}",
            p.id,
            Text(&p.name),
            Text(&p.email_address),
            Text(&p.credit_card),
            Text(&p.city),
            Text(&p.state),
            Time(p.date_time),
            Text(&p.extra)
        ),
        Event::Auction(a) => writeln!(
            out,
            "{{\"event_type\":1,\"person\":null,\"auction\":{{\"id\":{},\"itemName\":{},\"description\":{},\
             \"initialBid\":{},\"reserve\":{},\"dateTime\":{},\"expires\":{},\"seller\":{},\"category\":{},\"extra\":{}}},\
             \"bid\":null}}",
            a.id,
            Text(&a.item_name),
            Text(&a.description),
            a.initial_bid,
            a.reserve,
            Time(a.date_time),
            Time(a.expires),
            a.seller,
            a.category,
            Text(&a.extra)
        ),
        Event::Bid(b) => writeln!(
            out,
            "{{\"event_type\":2,\"person\":null,\"auction\":null,\"bid\":{{\"auction\":{},\"bidder\":{},\"price\":{},\
             \"channel\":{},\"url\":{},\"dateTime\":{},\"extra\":{}}}}}",
            b.auction,
            b.bidder,
            b.price,
            Text(&b.channel),
            Text(&b.url),
            Time(b.date_time),
            Text(&b.extra)
        ),
    }
}

fn events(count: usize, spacing_ms: usize, first: u64, out: &mut impl Write) -> io::Result<()> {
    let config = NexmarkConfig {
        base_time: BASE_TIME_MS,
        first_rate: 1,
        next_rate: 1,
        us_per_unit: spacing_ms * 1000,
        ..NexmarkConfig::default()
    };
    for event in EventGenerator::new(config).with_offset(first).take(count) {
        write_event(out, &event)?;
    }
    Ok(())
}

/// The side input of query 13: every key has a value.
fn side_input(rows: usize, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "key,value")?;
    for key in 0..rows {
        writeln!(out, "{key},value of {key}")?;
    }
    Ok(())
}

fn number_after(words: &[String], name: &str) -> Result<Option<usize>, String> {
    let Some(at) = words.iter().position(|word| word == name) else {
        return Ok(None);
    };
    let value = words.get(at + 1).ok_or(format!("{name} needs a number"))?;
    value.parse().map(Some).map_err(|_| format!("{name} needs a number, not {value}"))
}

fn run() -> Result<(), String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let written = match (number_after(&words, "--events")?, number_after(&words, "--side-input")?) {
        (Some(count), None) => {
            let spacing_ms = number_after(&words, "--spacing-ms")?.unwrap_or(DEFAULT_SPACING_MS);
            let first = number_after(&words, "--first")?.unwrap_or(0) as u64;
            events(count, spacing_ms, first, &mut out)
        }
        (None, Some(rows)) => side_input(rows, &mut out),
        _ => return Err("say --events N [--spacing-ms N] [--first N], or --side-input N".into()),
    };
    written.and_then(|()| out.flush()).map_err(|fault| format!("cannot write: {fault}"))
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("nexmark_events: {fault}");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        assert_eq!(Time(0).to_string(), "\"1970-01-01 00:00:00\"");
        assert_eq!(Time(BASE_TIME_MS + 50).to_string(), "\"2024-02-28 22:00:00.05\"");
        assert_eq!(Time(1_709_251_199_999).to_string(), "\"2024-02-29 23:59:59.999\"");
        assert_eq!(Time(951_868_800_000).to_string(), "\"2000-03-01 00:00:00\"");
    }
}
