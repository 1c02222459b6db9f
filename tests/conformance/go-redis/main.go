// Works with a database through go-redis: main ADDRESS USER PASSWORD. Prints "done", or what went wrong.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
)

func main() {
	if err := work(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("done")
}

func work(ctx context.Context, address, user, password string) error {
	client := redis.NewClient(&redis.Options{Addr: address, Username: user, Password: password})
	defer client.Close()
	if err := client.Set(ctx, "go", "one", time.Hour).Err(); err != nil {
		return err
	}
	if got, err := client.Get(ctx, "go").Result(); err != nil || got != "one" {
		return fmt.Errorf("GET gave %q, %v", got, err)
	}
	if _, err := client.Get(ctx, "missing").Result(); !errors.Is(err, redis.Nil) {
		return fmt.Errorf("GET of nothing gave %v", err)
	}
	counts, err := client.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Incr(ctx, "go-count")
		pipe.Incr(ctx, "go-count")
		return nil
	})
	if err != nil || counts[1].(*redis.IntCmd).Val() != 2 {
		return fmt.Errorf("MULTI gave %v, %v", counts, err)
	}
	if err := client.HSet(ctx, "go-hash", "a", "1", "b", "2").Err(); err != nil {
		return err
	}
	if all, err := client.HGetAll(ctx, "go-hash").Result(); err != nil || len(all) != 2 || all["b"] != "2" {
		return fmt.Errorf("HGETALL gave %v, %v", all, err)
	}
	err = client.Watch(ctx, func(tx *redis.Tx) error {
		client.Set(ctx, "go-watched", "changed", 0)
		_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Set(ctx, "go-watched", "lost", 0)
			return nil
		})
		return err
	}, "go-watched")
	if !errors.Is(err, redis.TxFailedErr) {
		return fmt.Errorf("EXEC after a change gave %v", err)
	}
	heard := client.Subscribe(ctx, "go-news")
	defer heard.Close()
	if _, err := heard.Receive(ctx); err != nil {
		return err
	}
	if err := client.Publish(ctx, "go-news", "hello").Err(); err != nil {
		return err
	}
	if message, err := heard.ReceiveMessage(ctx); err != nil || message.Payload != "hello" {
		return fmt.Errorf("the subscriber got %v, %v", message, err)
	}
	return nil
}
