package main

import (
	"hash/fnv"
	"reflect"
	"strconv"
	"strings"
)

const (
	keysMax    = 8
	clientsMax = 32
)

// A state is a database of a few keys, and what each client watches. It is compared with ==.
//
// A value is "" where there is none, "s" and a string, or "l" and the elements of a list, each after a comma.
type state struct {
	values  [keysMax]string
	watched [clientsMax]uint8 // a bit a key
	broken  uint32            // a bit a client: a key it watches has changed
	life    int               // how often the server was killed
}

// A call is one entry of a history: one command, several in a transaction, WATCH or UNWATCH, or the server's being killed.
type call struct {
	Client   int           `json:"client"`
	Life     int           `json:"life"` // how often the server was killed before it was made
	Kind     string        `json:"kind"` // run, exec, watch, unwatch, kill
	Commands [][]string    `json:"commands"`
	Call     int64         `json:"call"`
	Return   int64         `json:"return"`
	Known    bool          `json:"known"`   // whether an answer came
	Replies  []interface{} `json:"replies"` // one a command; null for an EXEC that did nothing
}

// step tells whether a call can happen with the answer it got, and what is there afterwards.
//
// A call without an answer happened while the server lived, with whatever answer, or after that: then it did nothing.
func (m *model) step(from state, one *call) (bool, state) {
	to := from
	if !one.Known && from.life != one.Life {
		return true, to
	}
	switch one.Kind {
	case "kill":
		to.watched, to.broken = [clientsMax]uint8{}, 0
		to.life++
	case "watch":
		for _, key := range one.Commands[0][1:] {
			to.watched[one.Client] |= 1 << m.key(key)
		}
	case "unwatch":
		to.forget(one.Client)
	case "exec":
		broken := from.broken>>one.Client&1 == 1
		to.forget(one.Client)
		if one.Known && one.Replies == nil {
			// EXEC does nothing if, and only if, a watched key has changed.
			return broken || m.spurious, to
		}
		if broken {
			return !one.Known, to
		}
		fallthrough
	case "run":
		for n, words := range one.Commands {
			reply := m.run(&to, words)
			if one.Known && !reflect.DeepEqual(reply, one.Replies[n]) {
				return false, from
			}
		}
	}
	return true, to
}

func (s *state) forget(client int) {
	s.watched[client] = 0
	s.broken &^= 1 << client
}

func (s *state) set(key int, value string) {
	s.values[key] = value
	for client, watched := range s.watched {
		if watched>>key&1 == 1 {
			s.broken |= 1 << client
		}
	}
}

// run carries out a command and returns its reply as JSON has it: a number is a float64, nothing is nil.
func (m *model) run(to *state, words []string) interface{} {
	key := m.key(words[1])
	value := to.values[key]
	switch strings.ToUpper(words[0]) {
	case "GET":
		return text(value)
	case "MGET":
		found := make([]interface{}, 0, len(words)-1)
		for _, each := range words[1:] {
			found = append(found, text(to.values[m.key(each)]))
		}
		return found
	case "SET":
		to.set(key, "s"+words[2])
		return "OK"
	case "INCR":
		number, _ := strconv.Atoi(strings.TrimPrefix(value, "s"))
		to.set(key, "s"+strconv.Itoa(number+1))
		return float64(number + 1)
	case "DEL":
		if value == "" {
			return 0.0
		}
		to.set(key, "")
		return 1.0
	case "RPUSH":
		to.set(key, "l"+strings.TrimPrefix(value, "l")+","+words[2])
		return float64(strings.Count(value, ",") + 1)
	case "LPOP":
		if value == "" {
			return nil
		}
		first, rest, more := strings.Cut(value[2:], ",")
		if more {
			to.set(key, "l,"+rest)
		} else {
			to.set(key, "")
		}
		return first
	case "LRANGE": // always all of it
		found := []interface{}{}
		if value != "" {
			for _, each := range strings.Split(value[2:], ",") {
				found = append(found, each)
			}
		}
		return found
	}
	panic("a command the model does not know: " + words[0])
}

func text(value string) interface{} {
	if value == "" {
		return nil
	}
	return value[1:]
}

// A model numbers the keys of one history. With spurious, EXEC may do nothing for no reason.
type model struct {
	keys     map[string]int
	spurious bool
}

func (m *model) key(name string) int {
	if _, known := m.keys[name]; !known {
		m.keys[name] = len(m.keys)
	}
	return m.keys[name]
}

func hash(one state) uint64 {
	sum := fnv.New64a()
	for _, value := range one.values {
		sum.Write([]byte(value))
		sum.Write([]byte{0})
	}
	return sum.Sum64() ^ uint64(one.broken) ^ uint64(one.life)<<32
}
