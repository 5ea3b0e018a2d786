// The bridge's first read as a user would configure it in Benthos: page through the listing, drop repeats, send each task.
package main

import (
	"context"
	"fmt"
	"os"
	"syscall"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
)

// $TASKS is the URL of the listing and $HOOK that of the webhook.
const config = `
http: { enabled: false }
logger: { level: ERROR }
input:
  read_until:
    check: this.tasks.length() == 0
    input:
      http_client:
        url: ${TASKS}?start=${! count("page") * 100 - 99 }&limit=100
        verb: GET
pipeline:
  processors:
    - mapping: root = this.tasks
    - unarchive: { format: json_array }
    - dedupe: { cache: seen, key: '${! json("id") }/${! json("status") }' }
output:
  http_client:
    url: ${HOOK}
    verb: POST
    headers: { content-type: application/json }
    max_in_flight: 64
cache_resources:
  - label: seen
    memory: {}
`

func main() {
	builder := service.NewStreamBuilder()
	if err := run(builder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	cpu := float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
	fmt.Printf("{\"cpuMs\":%.1f,\"peakMiB\":%.1f}\n", cpu, float64(usage.Maxrss)/1024)
}

func run(builder *service.StreamBuilder) error {
	if err := builder.SetYAML(config); err != nil {
		return err
	}
	stream, err := builder.Build()
	if err != nil {
		return err
	}
	return stream.Run(context.Background())
}
