package main

import (
	"log"
	"strconv"

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

// listeningHistory makes workers that look a play's song up in a map, and give the rows to the sink.
func listeningHistory(catalogue string, sink *Sink) (func() worker, error) {
	songs, err := loadCatalogue(catalogue)
	if err != nil {
		return nil, err
	}
	return func() worker {
		rows := make([]Row, 0, chunk)
		return func(records []*kgo.Record) int {
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
			(*sink).Write(rows)
			return len(rows)
		}
	}, nil
}
