// A typed Go loop from Kafka to a table: franz-go polls, a goroutine per core decodes into a struct, makes a row (history.go, or
// one of Nexmark's queries, nexmark.go) and hands it to the sink; once the sink has all that was polled, the offsets are marked
// for the next commit.
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

	"github.com/twmb/franz-go/pkg/kgo"
)

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

// worker is what one goroutine does with a chunk of records; it says how many rows came of them.
type worker func(records []*kgo.Record) int

// work turns records into rows until there are no more.
func work(chunks <-chan []*kgo.Record, pending *sync.WaitGroup, do worker, progress *progress) {
	for records := range chunks {
		progress.add(len(records), do(records))
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
	query := flag.String("query", "", "one of Nexmark's instead of the listening history: q0, q1, …")
	sideInput := flag.String("side_input", "", "CSV file, for Nexmark's q13")
	rowsPath := flag.String("rows", "", "write the rows of Nexmark's query to this file")
	flag.Parse()
	debug.SetGCPercent(*gogc)

	null := &nullSink{}
	var sink Sink = null
	var newWorker func() worker
	var err error
	if *query != "" {
		newWorker, err = nexmark(*query, *sideInput, *rowsPath, null)
	} else {
		newWorker, err = listeningHistory(*catalogue, &sink)
	}
	if err != nil {
		log.Fatal(err)
	}
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
		go work(chunks, &pending, newWorker(), progress)
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
