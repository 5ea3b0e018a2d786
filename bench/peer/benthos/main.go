// The bridge's first read as a user would configure it in Benthos: page through the listing, drop repeats, make a
// CloudEvent of each task, send it.
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
    - mapping: |
        let created = this.created_at.ts_parse("2006-01-02T15:04:05.999Z")
        let updated = this.updated_at.ts_parse("2006-01-02T15:04:05.999Z")
        root.specversion = "1.0"
        root.id = "i1/%s/%s/%d".format(this.id, this.status, $updated.ts_unix_milli())
        root.source = "${TASKS}"
        root.type = "com.huaweicloud.dms.task." + this.status.lowercase()
        root.subject = this.id
        root.time = this.updated_at
        root.datacontenttype = "application/json"
        root.dataschema = "urn:dms-task-bridge:schema:task-event:1"
        root.partitionkey = this.id
        root.data.task.id = this.id
        root.data.task.name = this.name
        root.data.task.status = this.status
        root.data.task.params = this.params.parse_json()
        root.data.task.user.id = this.user_id
        root.data.task.user.name = this.user_name
        root.data.task.createdAt = this.created_at
        root.data.task.updatedAt = this.updated_at
        root.data.change.from = null
        root.data.change.to = this.status
        root.data.change.durationMs = $updated.ts_unix_milli() - $created.ts_unix_milli()
        root.data.change.observedAt = now()
        root.data.instance = { "engine": "kafka", "region": "cn-north-4", "projectId": "p1", "instanceId": "i1" }
output:
  http_client:
    url: ${HOOK}
    verb: POST
    headers: { content-type: application/cloudevents+json }
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
