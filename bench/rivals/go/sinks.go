package main

import (
	"net"
	"strconv"
	"sync"
	"sync/atomic"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
)

// Row has the 23 columns of the table.
type Row struct {
	ID               int32
	Name             string
	Song             string
	Time             string
	Hour             int32
	Date             string
	Artists          string
	DurationMs       int32
	AlbumName        string
	AlbumReleaseDate string
	Danceability     float32
	Energy           float32
	MusicalKey       int32
	Loudness         float32
	Mode             float32
	Speechiness      float32
	Acousticness     float32
	Instrumentalness float32
	Liveness         float32
	Valence          float32
	Tempo            float32
	KafkaPartition   int32
	KafkaOffset      int64
}

// Sink takes rows from several goroutines. They are written once Flush has returned nil.
type Sink interface {
	Write(rows []Row)
	Flush() error
	Checksum() int64 // The sum of hour and duration over all rows.
	Close()
}

// nullSink forgets what it is given.
type nullSink struct{ checksum atomic.Int64 }

func (s *nullSink) Write(rows []Row) {
	var sum int64
	for i := range rows {
		sum += int64(rows[i].Hour) + int64(rows[i].DurationMs)
	}
	s.checksum.Add(sum)
}

// add is for rows of another kind.
func (s *nullSink) add(sum int64) { s.checksum.Add(sum) }

func (s *nullSink) Flush() error    { return nil }
func (s *nullSink) Checksum() int64 { return s.checksum.Load() }
func (s *nullSink) Close()          {}

const insert = `INSERT INTO listening_history (id, name, song, time, hour, date, artists, duration_ms, album_name,
	album_release_date, danceability, energy, musical_key, loudness, mode, speechiness, acousticness, instrumentalness,
	liveness, valence, tempo, kafka_partition, kafka_offset)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// cassandraSink inserts each row by itself. The driver's calls block, so concurrency is a number of goroutines.
type cassandraSink struct {
	session  *gocql.Session
	rows     chan Row
	pending  sync.WaitGroup
	checksum atomic.Int64
	failure  atomic.Pointer[error]
}

func newCassandraSink(address, keyspace string, writers int) (*cassandraSink, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	cluster := gocql.NewCluster(host)
	if cluster.Port, err = strconv.Atoi(port); err != nil {
		return nil, err
	}
	cluster.Keyspace = keyspace
	cluster.Consistency = gocql.LocalQuorum
	cluster.DefaultIdempotence = true // A row that is written again is the same row.
	cluster.RetryPolicy = &gocql.ExponentialBackoffRetryPolicy{NumRetries: 5}
	cluster.PoolConfig.HostSelectionPolicy = gocql.TokenAwareHostPolicy(gocql.RoundRobinHostPolicy())
	session, err := cluster.CreateSession()
	if err != nil {
		return nil, err
	}
	sink := &cassandraSink{session: session, rows: make(chan Row, writers)}
	for range writers {
		go sink.write()
	}
	return sink, nil
}

func (s *cassandraSink) Write(rows []Row) {
	s.pending.Add(len(rows))
	for i := range rows {
		s.rows <- rows[i]
	}
}

func (s *cassandraSink) write() {
	for r := range s.rows {
		err := s.session.Query(insert, r.ID, r.Name, r.Song, r.Time, r.Hour, r.Date, r.Artists, r.DurationMs, r.AlbumName,
			r.AlbumReleaseDate, r.Danceability, r.Energy, r.MusicalKey, r.Loudness, r.Mode, r.Speechiness, r.Acousticness,
			r.Instrumentalness, r.Liveness, r.Valence, r.Tempo, r.KafkaPartition, r.KafkaOffset).Exec()
		if err != nil {
			s.failure.CompareAndSwap(nil, &err)
		} else {
			s.checksum.Add(int64(r.Hour) + int64(r.DurationMs))
		}
		s.pending.Done()
	}
}

func (s *cassandraSink) Flush() error {
	s.pending.Wait()
	if err := s.failure.Load(); err != nil {
		return *err
	}
	return nil
}

func (s *cassandraSink) Checksum() int64 { return s.checksum.Load() }

func (s *cassandraSink) Close() {
	close(s.rows)
	s.session.Close()
}
