// A peer of `make bench-scrape`: the series of N tasks in client_golang's gauge vectors, written by promhttp.
//
// scrape_peer plain|gzip TASKS SCRAPES [BODY_FILE]: prints JSON, {"build_ms", "ms" and "cpu_ms": [of each scrape],
// "bytes"}. The last body is written to BODY_FILE.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const modified = 1763776923.004

var statuses = []string{"QUEUED", "SENT", "IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED", "TIMED_OUT", "CANCELLED",
	"UNKNOWN"}

// A response in memory. The buffer is used again, so that it does not grow in each scrape.
type response struct {
	header http.Header
	body   bytes.Buffer
}

func (r *response) Header() http.Header            { return r.header }
func (r *response) Write(part []byte) (int, error) { return r.body.Write(part) }
func (r *response) WriteHeader(status int) {
	if status != http.StatusOK {
		panic(status)
	}
}

func fill(registry *prometheus.Registry, tasks int) {
	family := func(name string, labels ...string) *prometheus.GaugeVec {
		vector := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: "As taskwatchd's."}, labels)
		registry.MustRegister(vector)
		return vector
	}
	status := family("aliyun_iot_task_status", "account", "job_id", "task_id", "status")
	progress := family("aliyun_iot_task_progress_ratio", "account", "job_id", "task_id")
	info := family("aliyun_iot_task_info", "account", "iot_instance", "job_id", "task_id", "job_name", "product_key",
		"device_name")
	queued := family("aliyun_iot_task_queued_timestamp_seconds", "account", "job_id", "task_id")
	changed := family("aliyun_iot_task_modified_timestamp_seconds", "account", "job_id", "task_id")
	const account, job = "prod", "sGWotgRkutxXaaaaa010001"
	for i := 0; i < tasks; i++ {
		id := fmt.Sprintf("MSnT9aaaaaaaa%06dq010101", i)
		for _, one := range statuses {
			value := 0.0
			if one == "IN_PROGRESS" {
				value = 1
			}
			status.WithLabelValues(account, job, id, one).Set(value)
		}
		progress.WithLabelValues(account, job, id).Set(0.25)
		info.WithLabelValues(account, "main", job, id, "ota", "pk", "dev-"+id).Set(1)
		queued.WithLabelValues(account, job, id).Set(modified - 3600)
		changed.WithLabelValues(account, job, id).Set(modified)
	}
}

// Returns the CPU time of all threads so far.
func cpuMs() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e6
}

func main() {
	tasks, _ := strconv.Atoi(os.Args[2])
	scrapes, _ := strconv.Atoi(os.Args[3])
	begun := time.Now()
	registry := prometheus.NewRegistry()
	fill(registry, tasks)
	build := time.Since(begun)
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	request := httptest.NewRequest("GET", "/metrics", nil)
	if os.Args[1] == "gzip" {
		request.Header.Set("Accept-Encoding", "gzip")
	}
	var to response
	times, cpuTimes := []float64{}, []float64{}
	for i := 0; i < scrapes; i++ {
		to.header = http.Header{}
		to.body.Reset()
		begun = time.Now()
		cpu := cpuMs()
		handler.ServeHTTP(&to, request)
		times = append(times, time.Since(begun).Seconds()*1e3)
		cpuTimes = append(cpuTimes, cpuMs()-cpu)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"build_ms": build.Seconds() * 1e3, "ms": times, "cpu_ms": cpuTimes, "bytes": to.body.Len()})
	if len(os.Args) > 4 {
		if err := os.WriteFile(os.Args[4], to.body.Bytes(), 0o644); err != nil {
			panic(err)
		}
	}
}
