//! What a client says that it accepts.

use hyper::{header::HeaderName, HeaderMap};

/// All values of a header as one list.
pub fn list(headers: &HeaderMap, name: HeaderName) -> String {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",")
}

/// What an Accept header gives to `offered`, in thousandths: the quality of the most specific range that covers it. A
/// range with a version covers this version only, as Prometheus needs it; other parameters do not count.
pub fn quality(accept: &str, offered: &str) -> u32 {
    let (media, version) = (offered.split(';').next().unwrap_or_default().trim(), parameter(offered, "version"));
    let kind = media.split('/').next().unwrap_or_default();
    let covering = accept.split(',').filter_map(|range| {
        let name = range.split(';').next().unwrap_or_default().trim();
        let wanted = parameter(range, "version");
        let rank = match name {
            _ if name.eq_ignore_ascii_case(media) => 2 + u32::from(wanted.is_some()),
            "*/*" | "*" => 0,
            _ if name.strip_suffix("/*").is_some_and(|name| name.eq_ignore_ascii_case(kind)) => 1,
            _ => return None,
        };
        let q = parameter(range, "q").and_then(|text| text.parse::<f32>().ok()).unwrap_or(1.0);
        (wanted.is_none() || wanted == version).then_some((rank, (q.clamp(0.0, 1.0) * 1000.0) as u32))
    });
    covering.max().map_or(0, |(_, q)| q)
}

fn parameter<'a>(range: &'a str, name: &str) -> Option<&'a str> {
    let parameters = range.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    parameters.map(|(key, value)| (key.trim(), value.trim())).find(|(key, _)| *key == name).map(|(_, value)| value)
}
