package main

import (
	"encoding/csv"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/goccy/go-json"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Event is one of Nexmark's. What the queries do not read is not declared.
type Event struct {
	Type int32 `json:"event_type"`
	Bid  Bid   `json:"bid"`
}

// Bid is what an event of type 2 has.
type Bid struct {
	Auction  int64  `json:"auction"`
	Bidder   int64  `json:"bidder"`
	Price    int64  `json:"price"`
	Channel  string `json:"channel"`
	URL      string `json:"url"`
	DateTime string `json:"dateTime"`
	Extra    string `json:"extra"`
}

const bidType = 2

// Millis is a time: milliseconds since 1970.
type Millis int64

// Thousandths is a number with three digits behind the point.
type Thousandths int64

// MarshalJSON writes it as the golden rows have it.
func (m Millis) MarshalJSON() ([]byte, error) {
	seconds := int64(m) / 1000
	year, month, day := civil(seconds / 86_400)
	return fmt.Appendf(nil, `"%04d-%02d-%02d %02d:%02d:%02d.%03d"`, year, month, day, seconds/3600%24, seconds/60%60, seconds%60, int64(m)%1000), nil
}

// MarshalJSON writes it as the golden rows have it.
func (t Thousandths) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%03d", int64(t)/1000, int64(t)%1000), nil
}

// civil is the date of a day since 1970; days is its inverse. Both count eras of 400 years that begin in March.
func civil(since int64) (year, month, day int64) {
	z := since + 719_468
	era := z / 146_097
	doe := z - era*146_097
	yoe := (doe - doe/1460 + doe/36_524 - doe/146_096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	month = mp + 3
	if month > 12 {
		month -= 12
	}
	year = yoe + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

func days(year, month, day int64) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	yoe := year - era*400
	doy := (153*(month-3)+2)/5 + day - 1
	return era*146_097 + yoe*365 + yoe/4 - yoe/100 + doy - 719_468
}

// millis reads 2024-02-28 22:00:00.25, with up to three digits behind the point.
func millis(text string) (Millis, bool) {
	if len(text) < 19 || text[4] != '-' || text[7] != '-' || text[10] != ' ' || text[13] != ':' || text[16] != ':' {
		return 0, false
	}
	ok := true
	number := func(from, to int) int64 {
		value := int64(0)
		for _, digit := range []byte(text[from:to]) {
			ok = ok && digit >= '0' && digit <= '9'
			value = 10*value + int64(digit-'0')
		}
		return value
	}
	since := days(number(0, 4), number(5, 7), number(8, 10))
	at := since*86_400_000 + number(11, 13)*3_600_000 + number(14, 16)*60_000 + number(17, 19)*1000
	if len(text) > 20 && text[19] == '.' && len(text) <= 23 {
		fraction := number(20, len(text))
		for digits := len(text) - 20; digits < 3; digits++ {
			fraction *= 10
		}
		at += fraction
	} else if len(text) != 19 {
		return 0, false
	}
	return Millis(at), ok
}

// The rows of the queries, with the columns in their order.

type bidRow struct {
	Auction, Bidder, Price int64
	DateTime               Millis
	Extra                  string
}

type euroRow struct {
	Auction, Bidder int64
	Price           Thousandths
	DateTime        Millis
	Extra           string
}

type priceRow struct{ Auction, Price int64 }

type dayRow struct {
	Auction, Bidder, Price int64
	DateTime               Millis
	Extra, Day, Minute     string
}

type sideRow struct {
	Auction, Bidder, Price int64
	DateTime               Millis
	Value                  string
}

type typedRow struct {
	Auction, Bidder int64
	Price           Thousandths
	TimeType        string
	DateTime        Millis
	Extra           string
	Count           int64
}

type channelRow struct {
	Auction, Bidder, Price int64
	Channel, ID            string
}

type urlRow struct {
	Auction, Bidder, Price int64
	Channel                string
	Dir1, Dir2, Dir3       string
}

// The queries, each by hand: the row of a bid, and whether there is one.

func timeOf(bid *Bid) Millis {
	at, ok := millis(bid.DateTime)
	if !ok {
		log.Fatalf("%q is no time", bid.DateTime)
	}
	return at
}

func q0(bid *Bid) (bidRow, bool) {
	return bidRow{bid.Auction, bid.Bidder, bid.Price, timeOf(bid), bid.Extra}, true
}

func q1(bid *Bid) (euroRow, bool) {
	return euroRow{bid.Auction, bid.Bidder, Thousandths(908 * bid.Price), timeOf(bid), bid.Extra}, true
}

func q2(bid *Bid) (priceRow, bool) {
	return priceRow{bid.Auction, bid.Price}, bid.Auction%123 == 0
}

func q10(bid *Bid) (dayRow, bool) {
	at := timeOf(bid) // From here on the text is known to be a time.
	return dayRow{bid.Auction, bid.Bidder, bid.Price, at, bid.Extra, bid.DateTime[:10], bid.DateTime[11:16]}, true
}

func q13(values map[int64]string) func(bid *Bid) (sideRow, bool) {
	return func(bid *Bid) (sideRow, bool) {
		value, found := values[bid.Auction%10_000]
		if !found {
			return sideRow{}, false
		}
		return sideRow{bid.Auction, bid.Bidder, bid.Price, timeOf(bid), value}, true
	}
}

func q14(bid *Bid) (typedRow, bool) {
	price := 908 * bid.Price
	if price <= 1_000_000_000 || price >= 50_000_000_000 {
		return typedRow{}, false
	}
	at := timeOf(bid)
	kind := "otherTime"
	switch hour := int64(at) / 3_600_000 % 24; {
	case hour >= 8 && hour <= 18:
		kind = "dayTime"
	case hour <= 6 || hour >= 20:
		kind = "nightTime"
	}
	return typedRow{bid.Auction, bid.Bidder, Thousandths(price), kind, at, bid.Extra, int64(strings.Count(bid.Extra, "c"))}, true
}

// channelID is what (&|^)channel_id=([^&]*) finds, without the price of a regular expression.
func channelID(url string) (string, bool) {
	const name = "channel_id="
	var rest string
	if at := strings.Index(url, "&"+name); strings.HasPrefix(url, name) {
		rest = url[len(name):]
	} else if at >= 0 {
		rest = url[at+1+len(name):]
	} else {
		return "", false
	}
	if end := strings.IndexByte(rest, '&'); end >= 0 {
		rest = rest[:end]
	}
	return rest, true
}

func q21(bid *Bid) (channelRow, bool) {
	var id string
	switch strings.ToLower(bid.Channel) {
	case "apple":
		id = "0"
	case "google":
		id = "1"
	case "facebook":
		id = "2"
	case "baidu":
		id = "3"
	default:
		var found bool
		if id, found = channelID(bid.URL); !found {
			return channelRow{}, false
		}
	}
	return channelRow{bid.Auction, bid.Bidder, bid.Price, bid.Channel, id}, true
}

func q22(bid *Bid) (urlRow, bool) {
	row := urlRow{Auction: bid.Auction, Bidder: bid.Bidder, Price: bid.Price, Channel: bid.Channel}
	rest := bid.URL
	for part := 0; ; part++ {
		dir, behind, more := strings.Cut(rest, "/")
		switch part {
		case 3:
			row.Dir1 = dir
		case 4:
			row.Dir2 = dir
		case 5:
			row.Dir3 = dir
			return row, true
		}
		if !more {
			return row, true
		}
		rest = behind
	}
}

// evaluate makes workers of a query. Rows are forgotten but for the sum of their auctions; a file gets them where there is one.
func evaluate[R any](row func(*Bid) (R, bool), auction func(*R) int64, sink *nullSink, file *os.File) func() worker {
	var writing sync.Mutex
	return func() worker {
		rows := make([]R, 0, chunk)
		return func(records []*kgo.Record) int {
			rows = rows[:0]
			for _, record := range records {
				var event Event
				if err := json.Unmarshal(record.Value, &event); err != nil {
					log.Fatalf("the record at %d/%d is no event: %v", record.Partition, record.Offset, err)
				}
				if event.Type != bidType {
					continue
				}
				if made, there := row(&event.Bid); there {
					rows = append(rows, made)
				}
			}
			var sum int64
			for i := range rows {
				sum += auction(&rows[i])
			}
			sink.add(sum)
			if file != nil {
				writing.Lock()
				defer writing.Unlock()
				for i := range rows {
					line, err := json.Marshal(rows[i])
					if err == nil {
						_, err = file.Write(append(line, '\n'))
					}
					if err != nil {
						log.Fatal(err)
					}
				}
			}
			return len(rows)
		}
	}
}

func loadSideInput(path string) (map[int64]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("the side input %s: %w", path, err)
	}
	values := map[int64]string{}
	for _, line := range lines[1:] {
		key, err := strconv.ParseInt(line[0], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the side input %s: %w", path, err)
		}
		values[key] = line[1]
	}
	return values, nil
}

// nexmark makes workers of the query with that name.
func nexmark(query, sideInput, rowsPath string, sink *nullSink) (func() worker, error) {
	var file *os.File
	if rowsPath != "" {
		var err error
		if file, err = os.Create(rowsPath); err != nil {
			return nil, err
		}
	}
	switch query {
	case "q0":
		return evaluate(q0, func(r *bidRow) int64 { return r.Auction }, sink, file), nil
	case "q1":
		return evaluate(q1, func(r *euroRow) int64 { return r.Auction }, sink, file), nil
	case "q2":
		return evaluate(q2, func(r *priceRow) int64 { return r.Auction }, sink, file), nil
	case "q10":
		return evaluate(q10, func(r *dayRow) int64 { return r.Auction }, sink, file), nil
	case "q13":
		values, err := loadSideInput(sideInput)
		return evaluate(q13(values), func(r *sideRow) int64 { return r.Auction }, sink, file), err
	case "q14":
		return evaluate(q14, func(r *typedRow) int64 { return r.Auction }, sink, file), nil
	case "q21":
		return evaluate(q21, func(r *channelRow) int64 { return r.Auction }, sink, file), nil
	case "q22":
		return evaluate(q22, func(r *urlRow) int64 { return r.Auction }, sink, file), nil
	}
	return nil, fmt.Errorf("there is no query %s here", query)
}
