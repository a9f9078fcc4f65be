package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
)

// Song is what the catalogue knows of one.
type Song struct {
	Artists          string
	DurationMs       int32
	AlbumName        string
	AlbumReleaseDate string
	Danceability     float32
	Energy           float32
	Key              int32
	Loudness         float32
	Mode             float32
	Speechiness      float32
	Acousticness     float32
	Instrumentalness float32
	Liveness         float32
	Valence          float32
	Tempo            float32
}

// loadCatalogue reads a CSV file with a header. Of songs with one name, the first counts.
func loadCatalogue(path string) (map[string]*Song, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.ReuseRecord = true
	header, err := reader.Read()
	if err != nil {
		return nil, fmt.Errorf("the catalogue %s: %w", path, err)
	}
	at := map[string]int{}
	for i, name := range header {
		at[name] = i
	}
	songs := map[string]*Song{}
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return songs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the catalogue %s: %w", path, err)
		}
		fields := fields{at: at, row: row}
		name := fields.text("name")
		if _, twice := songs[name]; twice {
			continue
		}
		songs[name] = &Song{
			Artists:          fields.text("artists"),
			DurationMs:       fields.int("duration_ms"),
			AlbumName:        fields.text("album_name"),
			AlbumReleaseDate: fields.text("album_release_date"),
			Danceability:     fields.real("danceability"),
			Energy:           fields.real("energy"),
			Key:              fields.int("key"),
			Loudness:         fields.real("loudness"),
			Mode:             fields.real("mode"),
			Speechiness:      fields.real("speechiness"),
			Acousticness:     fields.real("acousticness"),
			Instrumentalness: fields.real("instrumentalness"),
			Liveness:         fields.real("liveness"),
			Valence:          fields.real("valence"),
			Tempo:            fields.real("tempo"),
		}
		if fields.err != nil {
			return nil, fmt.Errorf("the catalogue %s: %w", path, fields.err)
		}
	}
}

// fields reads one row by the names of its columns, and keeps the first fault.
type fields struct {
	at  map[string]int
	row []string
	err error
}

func (f *fields) text(name string) string {
	i, there := f.at[name]
	if !there {
		f.fault(fmt.Errorf("there is no column %s", name))
		return ""
	}
	return f.row[i]
}

func (f *fields) int(name string) int32 {
	value, err := strconv.ParseInt(f.text(name), 10, 32)
	f.fault(err)
	return int32(value)
}

func (f *fields) real(name string) float32 {
	value, err := strconv.ParseFloat(f.text(name), 32)
	f.fault(err)
	return float32(value)
}

func (f *fields) fault(err error) {
	if f.err == nil {
		f.err = err
	}
}
