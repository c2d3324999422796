# Entry points for a newcomer: most targets install missing packages (Debian 12 or 13), build and run. `make demo`
# needs the fewest packages; `make dev` is for use while editing.

BUILD := build/release
JOBS  := $(shell nproc)
# Most end-to-end tests spend more time waiting than computing.
TEST_JOBS := $(shell echo $$(($$(nproc) + 2)))

.PHONY: help install install-check install-package build dev test demo demo-replicas bench bench-polling bench-notification bench-poll bench-scrape lint replicas-load replicas-faults replicas-cost prometheus-cost bench-store notify-mass simulate failing-calls size-jobs size-tasks size-scrapes size-accounts reloads soak fuzz fuzz-results asan tsan clang \
  check-unit package test-package test-systemd test-readme debian13 format clean

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make demo      run the simulated platform and the daemon on loopback; DEMO_SECONDS=20 stops it after 20 s
demo:
	@.ci/install build
	cmake --preset demo >/dev/null
	cmake --build --preset demo
	tests/end_to_end/demo.sh build/demo

## make demo-replicas   the same with PostgreSQL and three replicas, of which one is killed and one frozen
demo-replicas:
	@.ci/install build demo-replicas
	cmake --preset demo >/dev/null
	cmake --build --preset demo
	python3 tests/end_to_end/demo_replicas.py build/demo

## make test      build and run all tests
test: install-package build
	ctest --test-dir $(BUILD) --output-on-failure -j $(TEST_JOBS)

## make dev       build (debug) and run the unit tests, for use while editing
dev: install
	cmake --preset dev >/dev/null
	cmake --build --preset dev
	ctest --test-dir build/dev -L 'unit|text' --output-on-failure -j $(JOBS)

## make bench     run the micro-benchmarks; times as ratios to a baseline run next to them
bench: build
	tests/bench/run.sh $(BUILD)

## make bench-polling   measure detection delays against their goals and with API faults, written to
##                      docs/explanation/polling.md; takes minutes;
##                      POLLING="--scenarios=ABD --seeds=1" runs fewer
bench-polling: build
	tests/bench/polling.sh $(BUILD) $(POLLING)

## make bench-notification   measure the time from status change to notification, next to a round-robin script, written to
##                      docs/explanation/notification-latency.md; 6 minutes, on an idle host; NOTIFICATION="--runs=2" runs fewer
bench-notification: build
	tests/bench/notification.sh $(BUILD) $(NOTIFICATION)

## make bench-poll   CPU time of an API call beside libcurl alone and Alibaba Cloud's Node SDKs (needs npm), written to
##                      docs/explanation/polling-cost.md; 8 minutes, on an idle host; POLL="--rounds=1 --seconds=3" is quick
bench-poll: build
	tests/bench/poll.sh $(BUILD) $(POLL)

## make bench-scrape   time and memory of a scrape of 100,000 tasks beside four Prometheus client libraries, written to
##                      docs/explanation/scrape-cost.md; 6 minutes, on an idle host; SCRAPE="--rounds=1" is quick
bench-scrape: build
	@.ci/install bench
	tests/bench/scrape.sh $(BUILD) $(SCRAPE)

## make lint      check formatting and run clang-tidy
lint: install-check
	.ci/lint

## make simulate  run the long simulation; SEEDS=10000 FIRST=1
SEEDS ?= 10000
FIRST ?= 1
simulate: build
	SIMULATION_SEEDS=$(SEEDS) SIMULATION_FIRST_SEED=$(FIRST) $(BUILD)/tests/simulation/test_simulation \
	  --gtest_filter='*Faults*'

## make replicas-load   three replicas under load with random faults for MINUTES=30; checks quota, events and their order
replicas-load: build
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim \
	  python3 tests/end_to_end/replicas_load.py

## make replicas-faults   each fault of replicas ROUNDS=100 times (a fifth of that if a round takes a minute), all at the
##                        same time; prints the times of takeover
ROUNDS ?= 100
replicas-faults: build
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim ROUNDS=$(ROUNDS) \
	  python3 tests/end_to_end/replicas_test.py

## make notify-mass   thousands of failures at once, and a receiver that is down for DOWN=3600 s: few messages, nothing lost, others not
##                    delayed; takes as long as the receiver is down, and 10 minutes
notify-mass: build
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim DOWN=$(or $(DOWN),3600) \
	  python3 tests/end_to_end/notify_mass.py

## make prometheus-cost   CPU time of a Prometheus with the shipped files and JOBS=680 jobs (33,000 series); 6 minutes, on an idle host
prometheus-cost: build
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim python3 tests/end_to_end/prometheus_cost.py

## make bench-store   duration of commits at 1,000 transitions per second, and while 10,000,000 events are pruned; 10 minutes,
##                    8 GB in FOLDER, which must be empty and on the disk to be measured
bench-store: build
	$(BUILD)/tests/bench/bench_store $(or $(FOLDER),$(BUILD)/bench-store)

## make replicas-cost   CPU time and duration of commits with PostgreSQL beside SQLite
replicas-cost: build
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim \
	  python3 tests/end_to_end/replicas_cost.py

## make soak      run the daemon against the simulated platform for SOAK_MINUTES=60; checks memory, descriptors, call rate
soak: build
	tests/end_to_end/soak.sh $(BUILD)

## make reloads   RELOADS=1000 reloads under load: no event lost, repeated or leaked, quota met; takes minutes
RELOADS ?= 1000
reloads: build
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim RELOADS=$(RELOADS) \
	  python3 tests/end_to_end/reload_load_test.py

## make size-jobs  measure memory and CPU time with a job of TASKS=100000; takes minutes, on an idle host
size-jobs: build
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim python3 tests/end_to_end/size_jobs.py

## make failing-calls  measure detection delays of a job of 2,000 tasks while 8 % of the API calls fail; 4 minutes
failing-calls: build
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim python3 tests/end_to_end/failing_calls.py

## make size-tasks  measure memory with TASKS=100000 explicit tasks: start, reload, scrapes, clients that do not read; takes minutes
size-tasks: build
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim python3 tests/end_to_end/size_tasks.py

## make size-scrapes  measure scrapes and API requests with TASKS=100000 tasks that all have series; takes minutes, on an idle host
size-scrapes: build
	cc -O2 -shared -fPIC -o $(BUILD)/loop_turns.so tests/bench/loop_turns.c
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim TURNS=$(CURDIR)/$(BUILD)/loop_turns.so \
	  python3 tests/end_to_end/size_scrapes.py

## make size-accounts  measure ACCOUNTS=1000 accounts at 5 calls per second over TLS; LATENCY=200 ms per response; takes minutes
size-accounts: build
	cc -O2 -shared -fPIC -o $(BUILD)/loop_turns.so tests/bench/loop_turns.c
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim TURNS=$(CURDIR)/$(BUILD)/loop_turns.so \
	  python3 tests/end_to_end/size_accounts.py

## make fuzz      run each fuzz target for FUZZ_SECONDS=600
fuzz: install-check
	tests/fuzz/run.sh

## make fuzz-results   fuzz result files with the daemon's own limits; 30 minutes
fuzz-results: install-check
	FUZZ_SECONDS=1800 tests/fuzz/run.sh result_file

## make asan|clang   run the same tests in another build
asan clang: install-check
	cmake --preset $@ >/dev/null
	cmake --build --preset $@
	ctest --test-dir build/$@ --output-on-failure -L 'unit|fuzz' -j $(JOBS)

## make tsan      test the modules that use threads under ThreadSanitizer
tsan: install-check
	cmake --preset tsan >/dev/null
	cmake --build --preset tsan --target test_io test_app test_pipeline test_credentials test_server
	ctest --test-dir build/tsan --output-on-failure -R '^(io|app|pipeline|credentials|server)$$'

## make check-unit  check the systemd unit's isolation and syntax
check-unit: build
	tests/end_to_end/systemd_unit_test.sh $(BUILD)/daemon/taskwatchd

## make package  build the Debian package build/release/taskwatchd_VERSION_ARCH.deb
package: install-package
	cmake --preset release >/dev/null
	cmake --build --preset release --target deb

## make test-package   check the package contents; install, upgrade, remove and purge it in a separate Debian root (needs root)
test-package: package
	ctest --test-dir $(BUILD) --output-on-failure -R '^package_(contents|install)$$'

## make test-systemd   boot the same root: test the installed service under a real systemd (needs root)
test-systemd: package
	cmake --build --preset release --target iotsim
	ctest --test-dir $(BUILD) --output-on-failure -V -R '^package_systemd$$'

## make test-readme   boot that root: run the commands of docs/getting-started.md and docs/how-to/alerting.md, up to a notification (needs root and apt)
test-readme: package
	cmake --build --preset release --target iotsim
	ctest --test-dir $(BUILD) --output-on-failure -V -R '^package_readme$$'

## make debian13   in a Debian 13 root: build, run unit tests, install and boot the package; 30 minutes (needs root and apt)
debian13: install-package
	python3 tests/package/debian13.py

## make format    format all sources with clang-format
format:
	git ls-files '*.cc' '*.h' | xargs clang-format -i

# Packages for most targets; checks and the Debian package need more sets (.ci/packages.txt).
install:
	@.ci/install build test

install-check: install
	@.ci/install check

install-package: install
	@.ci/install package

build: install
	cmake --preset release >/dev/null
	cmake --build --preset release

clean:
	rm -rf build
