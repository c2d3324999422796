# Everything a newcomer needs: each target installs what is missing (Debian 12), builds and runs.
# The fast inner loop is `make dev`; it needs no installed program but the compilers.

BUILD := build/release
JOBS  := $(shell nproc)
# Most end-to-end tests wait more than they compute.
TEST_JOBS := $(shell echo $$(($$(nproc) + 2)))

.PHONY: help install install-check install-package build dev test demo bench bench-polling bench-notification lint simulate failing-calls size-jobs size-tasks reloads soak fuzz fuzz-results asan tsan clang \
  check-unit package test-package test-systemd test-readme debian13 format clean

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make demo      the simulated cloud and the daemon on loopback; DEMO_SECONDS=20 ends by itself
demo:
	@.ci/install build
	cmake --preset demo >/dev/null
	cmake --build --preset demo
	tests/end_to_end/demo.sh build/demo

## make test      build and run all tests
test: install-package build
	ctest --test-dir $(BUILD) --output-on-failure -j $(TEST_JOBS)

## make dev       build (debug) and run the unit tests: the inner loop
dev: install
	cmake --preset dev >/dev/null
	cmake --build --preset dev
	ctest --test-dir build/dev -L 'unit|text' --output-on-failure -j $(JOBS)

## make bench     timings side by side with a baseline, as ratios
bench: build
	tests/bench/run.sh $(BUILD)

## make bench-polling   delays of the planner beside its goals, and in a cloud that fails, into
##                      docs/explanation/polling.md: some minutes;
##                      POLLING="--scenarios=ABD --seeds=1" for less
bench-polling: build
	tests/bench/polling.sh $(BUILD) $(POLLING)

## make bench-notification   change at the cloud to notification, beside a round-robin script, into
##                      docs/explanation/notification-latency.md: 6 minutes, on a quiet machine; NOTIFICATION="--runs=2" for more
bench-notification: build
	tests/bench/notification.sh $(BUILD) $(NOTIFICATION)

## make lint      formatting and clang-tidy
lint: install-check
	.ci/lint

## make simulate  long simulation: SEEDS=10000 FIRST=1
SEEDS ?= 10000
FIRST ?= 1
simulate: build
	SIMULATION_SEEDS=$(SEEDS) SIMULATION_FIRST_SEED=$(FIRST) $(BUILD)/tests/simulation/test_simulation \
	  --gtest_filter='*Faults*'

## make soak      the daemon against the simulated cloud for SOAK_MINUTES=60: memory, descriptors, rate
soak: build
	tests/end_to_end/soak.sh $(BUILD)

## make reloads   RELOADS=1000 under load: nothing lost, told twice or leaked, the quota held; minutes
RELOADS ?= 1000
reloads: build
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim RELOADS=$(RELOADS) \
	  python3 tests/end_to_end/reload_load_test.py

## make size-jobs  memory and processor time with a job of TASKS=100000: minutes, on a quiet machine
size-jobs: build
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim python3 tests/end_to_end/size_jobs.py

## make failing-calls  a job of 2,000 tasks while 8 % of the calls fail: how soon its ends are seen; 4 minutes
failing-calls: build
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim python3 tests/end_to_end/failing_calls.py

## make size-tasks  memory with TASKS=100000 named by id: start, reload, scrapes, clients that do not read: minutes
size-tasks: build
	TASKWATCHD=$(BUILD)/daemon/taskwatchd IOTSIM=$(BUILD)/tests/simulator/iotsim python3 tests/end_to_end/size_tasks.py

## make fuzz      each fuzz target for FUZZ_SECONDS=600
fuzz: install-check
	tests/fuzz/run.sh

## make fuzz-results   result files with the daemon's own limits, for half an hour
fuzz-results: install-check
	FUZZ_SECONDS=1800 tests/fuzz/run.sh result_file

## make asan|clang   the same tests in another build
asan clang: install-check
	cmake --preset $@ >/dev/null
	cmake --build --preset $@
	ctest --test-dir build/$@ --output-on-failure -L 'unit|fuzz' -j $(JOBS)

## make tsan      the rooms that have threads, under ThreadSanitizer
tsan: install-check
	cmake --preset tsan >/dev/null
	cmake --build --preset tsan --target test_io test_app test_pipeline test_credentials
	ctest --test-dir build/tsan --output-on-failure -R '^(io|app|pipeline|credentials)$$'

## make check-unit  the systemd unit's isolation and syntax
check-unit: build
	tests/end_to_end/systemd_unit_test.sh $(BUILD)/daemon/taskwatchd

## make package  the Debian package, build/release/taskwatchd_VERSION_ARCH.deb
package: install-package
	cmake --preset release >/dev/null
	cmake --build --preset release --target deb

## make test-package   what is in it; installed, upgraded, removed and purged in a Debian root of its own (needs root)
test-package: package
	ctest --test-dir $(BUILD) --output-on-failure -R '^package_(contents|install)$$'

## make test-systemd   the same root booted: the installed service under a real systemd (needs root)
test-systemd: package
	cmake --build --preset release --target iotsim
	ctest --test-dir $(BUILD) --output-on-failure -V -R '^package_systemd$$'

## make test-readme   that root booted again: the commands of docs/getting-started.md and docs/how-to/alerting.md, up to a notification (needs root and apt)
test-readme: package
	cmake --build --preset release --target iotsim
	ctest --test-dir $(BUILD) --output-on-failure -V -R '^package_readme$$'

## make debian13   in a Debian 13 root: build, unit tests, the package installed and booted; half an hour (needs root and apt)
debian13: install-package
	python3 tests/package/debian13.py

## make format    clang-format all sources
format:
	git ls-files '*.cc' '*.h' | xargs clang-format -i

# What most targets need; checks and the package have sets of their own (.ci/packages.txt).
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
