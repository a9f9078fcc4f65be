// A typed Go loop from Kafka to a table: franz-go polls, a goroutine per core decodes into a struct, looks the song up in a
// map, makes a row and hands it to the sink; once the sink has all that was polled, the offsets are marked for the next commit.
//
// The last line on standard output is one JSON object.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goccy/go-json"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Play is an event.
type Play struct {
	ID   int32  `json:"id"`
	Name string `json:"name"`
	Song string `json:"song"`
	Time string `json:"time"`
}

const (
	chunk       = 1000 // Records that a goroutine takes at once.
	ticksPerSec = 100  // USER_HZ, the unit of /proc/self/stat: 100 on every Linux that Go runs on.
)

// processAge tells how long this process has been there.
func processAge() float64 {
	stat, _ := os.ReadFile("/proc/self/stat")
	uptime, _ := os.ReadFile("/proc/uptime")
	_, behind, _ := strings.Cut(string(stat), ") ")
	started, _ := strconv.ParseFloat(strings.Fields(behind)[19], 64)
	now, _ := strconv.ParseFloat(strings.Fields(string(uptime))[0], 64)
	return now - started/ticksPerSec
}

// progress counts what has been through, and when the first half was.
type progress struct {
	events    int64
	done      atomic.Int64
	matched   atomic.Int64
	halfOnce  sync.Once
	halfAt    time.Time
	halfCount int64
}

func (p *progress) add(done, matched int) {
	p.matched.Add(int64(matched))
	if count := p.done.Add(int64(done)); count >= p.events/2 {
		p.halfOnce.Do(func() { p.halfAt, p.halfCount = time.Now(), count })
	}
}

// work turns records into rows until there are no more.
func work(chunks <-chan []*kgo.Record, pending *sync.WaitGroup, songs map[string]*Song, sink Sink, progress *progress) {
	rows := make([]Row, 0, chunk)
	for records := range chunks {
		rows = rows[:0]
		for _, record := range records {
			var play Play
			if err := json.Unmarshal(record.Value, &play); err != nil || len(play.Time) < 13 {
				log.Fatalf("the record at %d/%d is no play: %v", record.Partition, record.Offset, err)
			}
			song, found := songs[play.Song]
			if !found {
				continue
			}
			hour, _ := strconv.Atoi(play.Time[11:13])
			rows = append(rows, Row{
				ID:               play.ID,
				Name:             play.Name,
				Song:             play.Song,
				Time:             play.Time,
				Hour:             int32(hour),
				Date:             play.Time[:10],
				Artists:          song.Artists,
				DurationMs:       song.DurationMs,
				AlbumName:        song.AlbumName,
				AlbumReleaseDate: song.AlbumReleaseDate,
				Danceability:     song.Danceability,
				Energy:           song.Energy,
				MusicalKey:       song.Key,
				Loudness:         song.Loudness,
				Mode:             song.Mode,
				Speechiness:      song.Speechiness,
				Acousticness:     song.Acousticness,
				Instrumentalness: song.Instrumentalness,
				Liveness:         song.Liveness,
				Valence:          song.Valence,
				Tempo:            song.Tempo,
				KafkaPartition:   record.Partition,
				KafkaOffset:      record.Offset,
			})
		}
		sink.Write(rows)
		progress.add(len(records), len(rows))
		pending.Done()
	}
}

func main() {
	age, begun := processAge(), time.Now()
	bootstrap := flag.String("bootstrap", "", "Kafka")
	topic := flag.String("topic", "", "of the plays")
	group := flag.String("group", "", "consumer group")
	catalogue := flag.String("catalogue", "", "CSV file")
	sinkName := flag.String("sink", "null", "null or cassandra")
	events := flag.Int64("events", 0, "records to take")
	cassandra := flag.String("cassandra", "", "host:port")
	keyspace := flag.String("keyspace", "", "of the table listening_history")
	writers := flag.Int("writers", 256, "goroutines that insert into Cassandra")
	gogc := flag.Int("gogc", 400, "the heap's growth between collections, in percent")
	flag.Parse()
	debug.SetGCPercent(*gogc)

	songs, err := loadCatalogue(*catalogue)
	if err != nil {
		log.Fatal(err)
	}
	var sink Sink = &nullSink{}
	atOnce := -1 // All that has been fetched.
	if *sinkName == "cassandra" {
		if sink, err = newCassandraSink(*cassandra, *keyspace, *writers); err != nil {
			log.Fatal(err)
		}
		atOnce = 50_000 // Some seconds' worth, so that commits go on meanwhile.
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(*bootstrap),
		kgo.ConsumerGroup(*group),
		kgo.ConsumeTopics(*topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.BlockRebalanceOnPoll(),
		kgo.AutoCommitMarks(), // At least once: only what the sink has is committed.
	)
	if err != nil {
		log.Fatal(err)
	}

	progress := &progress{events: *events}
	chunks := make(chan []*kgo.Record, 2*runtime.GOMAXPROCS(0))
	var pending sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		go work(chunks, &pending, songs, sink, progress)
	}

	var consumed int64
	var first time.Time
	for consumed < *events {
		fetches := client.PollRecords(context.Background(), atOnce)
		if err := fetches.Err(); err != nil {
			log.Fatal(err)
		}
		if consumed == 0 && !fetches.Empty() {
			first = time.Now()
		}
		var last []*kgo.Record
		fetches.EachPartition(func(partition kgo.FetchTopicPartition) {
			records := partition.Records
			if left := *events - consumed; int64(len(records)) > left {
				records = records[:left]
			}
			if len(records) == 0 {
				return
			}
			consumed += int64(len(records))
			last = append(last, records[len(records)-1])
			for at := 0; at < len(records); at += chunk {
				pending.Add(1)
				chunks <- records[at:min(at+chunk, len(records))]
			}
		})
		pending.Wait()
		if err := sink.Flush(); err != nil {
			log.Fatal(err)
		}
		client.MarkCommitRecords(last...)
		client.AllowRebalance()
	}
	ended := time.Now()
	client.Close() // Commits what is marked.
	fmt.Printf(`{"consumed": %d, "matched": %d, "seconds": %.6f, "startup_seconds": %.6f, `+
		`"steady_seconds": %.6f, "steady_events": %d, "checksum": %d}`+"\n",
		consumed, progress.matched.Load(), ended.Sub(first).Seconds(), age+first.Sub(begun).Seconds(),
		ended.Sub(progress.halfAt).Seconds(), consumed-progress.halfCount, sink.Checksum())
	sink.Close()
}
