// Tells whether a history of a database is linearizable: whether all calls can have happened one by one, each at some moment
// between its being made and its being answered, with exactly the answers they got.
//
// It reads calls from standard input, one JSON document a line, and prints "linearizable", or what does not fit.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

const timeout = 100 * time.Second

func main() {
	spurious := flag.Bool("spurious", false, "take an EXEC that does nothing although no watched key has changed")
	flag.Parse()
	history, err := read()
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	result, info := porcupine.CheckOperationsVerbose(modelOf(*spurious), history, timeout)
	if result == porcupine.Ok {
		fmt.Println("linearizable")
		return
	}
	fmt.Println("not linearizable:", result)
	explain(history, info)
	os.Exit(1)
}

func read() ([]porcupine.Operation, error) {
	var history []porcupine.Operation
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		one := new(call)
		if err := json.Unmarshal(lines.Bytes(), one); err != nil {
			return nil, err
		}
		if one.Client >= clientsMax || one.Return < one.Call {
			return nil, fmt.Errorf("not a call of a history: %s", lines.Bytes())
		}
		history = append(history, porcupine.Operation{
			ClientId: one.Client, Input: one, Call: one.Call, Return: one.Return,
		})
	}
	return history, lines.Err()
}

func modelOf(spurious bool) porcupine.Model {
	keys := &model{keys: map[string]int{}, spurious: spurious}
	return porcupine.Model{
		Init: func() interface{} { return state{} },
		Step: func(from, input, _ interface{}) (bool, interface{}) {
			return keys.step(from.(state), input.(*call))
		},
		Hash: func(one interface{}) uint64 { return hash(one.(state)) },
	}
}

// explain prints the calls that are left of the longest line that fits, the earliest first.
func explain(history []porcupine.Operation, info porcupine.LinearizationInfo) {
	var longest []int
	for _, lines := range info.PartialLinearizations() {
		for _, line := range lines {
			if len(line) > len(longest) {
				longest = line
			}
		}
	}
	fits := map[int]bool{}
	for _, at := range longest {
		fits[at] = true
	}
	fmt.Printf("%d of %d calls fit; of the others, by when they were made:\n", len(longest), len(history))
	shown := 0
	for at, one := range history {
		if !fits[at] && shown < 10 {
			shown++
			told, _ := json.Marshal(one.Input)
			fmt.Println(string(told))
		}
	}
}
