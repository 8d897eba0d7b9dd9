# Every recipe of the house. Bare `make` prints this list; CI runs the same recipes.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup deps demo demo-storm test test-unit test-integration test-e2e test-kill test-powercut test-faults test-alerts test-influx test-reference soak secrets up down check-compose \
	check fix contracts figures coverage bench bench-backend bench-influx bench-gateway dist lock schema docs screenshots strangers influxd compare-alertmanager clean

PY := .venv/bin/python
DEMO := .venv/.demo.stamp
DEV := .venv/.dev.stamp
LOCKED := requirements/uv.txt $(wildcard */pyproject.toml) tools/environment.sh
FAST := tests/unit tests/contract tests/scenarios tests/architecture
# Files of tests run side by side, in processes of their own, the long ones of the whole path first.
SIDE = -n $(or $(JOBS),$(shell expr $$(nproc) + 1)) --dist loadfile --no-loadscope-reorder

help:  ## print this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(DEMO): requirements/demo.txt $(LOCKED)
	@tools/environment.sh demo

$(DEV): requirements/dev.txt $(LOCKED)
	@tools/environment.sh dev

setup: $(DEV)  ## make .venv with everything a developer needs

deps:  ## install the Debian packages that tests with real parts use
	@tools/deps.sh

demo: $(DEMO)  ## the whole path on real parts; FOR=150 ends by itself; DIRECTORY=… for a second one; INFLUX_URL=… GRAFANA_URL=… on servers that are there
	@$(PY) -m demo $(if $(FOR),--for $(FOR)) $(if $(DIRECTORY),--directory "$(DIRECTORY)")

demo-storm: $(DEMO)  ## forty rooms go over their limit at once: one flood, digests, nobody unheard
	@$(PY) -m demo.storm

test: $(DEV)  ## every test; prints the time of each tier; JOBS=1 for one process
	@$(PY) -m pytest -q $(SIDE) $(ARGS)

test-unit: $(DEV)  ## unit, contract, scenario and architecture tests
	@$(PY) -m pytest -q $(SIDE) $(FAST) $(ARGS)

test-integration: $(DEV)  ## tests with real parts: broker, ptys, HTTP, disks
	@$(PY) -m pytest -q tests/integration $(ARGS)

test-e2e: $(DEV)  ## tests of the whole path
	@$(PY) -m pytest -q tests/e2e $(ARGS)

test-kill: $(DEV)  ## KILLS=200 kill -9 of gateway or backend under load
	@COLDCHAIN_KILLS=$(or $(KILLS),200) $(PY) -m pytest -q tests/e2e/test_kill.py -s $(ARGS)

test-powercut: $(DEV)  ## CUTS=1000 simulated power cuts for each recorded program
	@COLDCHAIN_CUTS=$(or $(CUTS),1000) $(PY) -m pytest -q tests/integration/powercut -s $(ARGS)

test-faults: $(DEV)  ## the gateway's acceptance tests A1–A15 by name, with figures
	@$(PY) -m pytest -q --acceptance A $(ARGS)

test-alerts: $(DEV)  ## acceptance tests T1–T17 of alerts and delivery by name, with figures
	@$(PY) -m pytest -q --acceptance T $(ARGS)

test-reference: $(DEV)  ## SERIES=1000 random series judged by two implementations
	@COLDCHAIN_SERIES=$(or $(SERIES),1000) $(PY) -m pytest -q tests/scenarios/judging/test_second_judge.py $(ARGS)

test-influx: $(DEV)  ## mirror and follow on InfluxDB 2.7 and 1.6 (make influxd), with counts
	@$(PY) -m pytest -q -s tests/contract/mirror tests/contract/follow tests/unit/mirror tests/unit/follow \
		tests/integration/mirror tests/integration/follow $(ARGS)

soak: $(DEV)  ## the long form of every test that has one
	@COLDCHAIN_SOAK=1 $(PY) -m pytest -q -m soak $(ARGS)

check: $(DEV)  ## ruff, mypy --strict, import contracts, guard, figures
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet . || { echo "make fix would reformat"; exit 1; }
	@.venv/bin/mypy core/src gateway/src backend/src firmware-sim/src dashboards/src demo bench tools tests
	@.venv/bin/lint-imports --no-logo
	@$(PY) tools/guard.py
	@$(PY) tools/figures.py

fix: $(DEV)  ## let ruff mend and format what it can
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

contracts: $(DEV)  ## the import contracts alone
	@.venv/bin/lint-imports --no-logo

figures: $(DEV)  ## sizes, types, test mass beside their targets
	@$(PY) tools/figures.py

coverage: $(DEV)  ## branch coverage of the fast tiers
	@$(PY) -m pytest -q $(FAST) --cov --cov-branch --cov-report=json:build/coverage.json --cov-report=term:skip-covered
	@$(PY) tools/figures.py

bench-backend: $(DEV)  ## the backend's budgets, beside InfluxDB 2.7 (make influxd); SCALE=0.1 for a look
	@COLDCHAIN_BENCH_SCALE=$(or $(SCALE),1) $(PY) -m bench ingest latency backlog stores compliance verify $(ARGS)

bench-influx: $(DEV)  ## mirror and dashboards on InfluxDB 2.7 (make influxd); SCALE=0.1 for a look
	@COLDCHAIN_BENCH_SCALE=$(or $(SCALE),1) $(PY) -m bench mirror dashboards $(ARGS)

.PHONY: bench-alerts
bench-alerts: $(DEV)  ## alerts' budgets on SQLite and PostgreSQL: told in time, storm, endpoints that hang; SCALE=0.1
	@COLDCHAIN_BENCH_SCALE=$(or $(SCALE),1) $(PY) -m bench storm told hanging $(ARGS)

bench: $(DEV)  ## throughput and memory beside bare baselines
	@$(PY) -m bench $(ARGS)

bench-gateway: $(DEV)  ## the gateway, beside Telegraf (TELEGRAF=path): speed, memory, start, slow disk, drain, bytes over the air and on the disk
	@$(PY) -m bench codec decodes wired bus start gateway slow_disk drain quiet

lock: $(DEV)  ## compile requirements/*.txt; ARGS=--upgrade renews versions
	@tools/lock.sh $(ARGS)

schema: $(DEV)  ## write the JSON Schema of fleet.yaml
	@.venv/bin/coldchain-backend fleet schema > docs/fleet.schema.json

docs: $(DEV)  ## write docs/sensors.md and the tables of docs/influx.md from the code
	@$(PY) -m tools.sensors_page
	@$(PY) -m tools.influx_page

dist: $(DEV)  ## archives for gateways in dist/, to be installed offline; ARGS="--arch aarch64"
	@$(PY) -m tools.dist $(ARGS)

screenshots: $(DEV)  ## pictures of a real run, desktop and phone width
	@$(PY) -m demo.screenshots

strangers:  ## build Telegraf, Alertmanager and the Compose loader into the user's cache for the tests that use them
	@tests/support/strangers/telegraf.sh
	@tests/support/strangers/alertmanager.sh
	@tests/support/strangers/compose.sh

compare-alertmanager: $(DEV)  ## a real Alertmanager and ours, given the same alerts: same keys, types, fingerprints
	@tests/support/strangers/alertmanager.sh
	@$(PY) -m pytest -q -s tests/integration/delivery/test_real_alertmanager.py $(ARGS)

influxd:  ## build InfluxDB 2.7 and unpack Debian's 1.6 into the user's cache, for tests and benchmarks
	@tests/support/strangers/influxdb.sh
	@tests/support/strangers/influxdb1.sh

secrets: $(DEV)  ## passwords and tokens for docker-compose.yml, and .env; what is there stays
	@$(PY) -m tools.secrets

up:  ## start docker-compose.yml and wait until all is well; DEMO=1 with simulator and webhook receiver
	@test -d deploy/compose/secrets || { echo "make secrets first"; exit 1; }
	@docker compose $(if $(DEMO),--profile demo) up --build --detach --wait

down:  ## stop it; volumes stay
	@docker compose --profile demo down

check-compose: $(DEV)  ## try docker-compose.yml and the Dockerfiles without a Docker engine; says what was checked
	@$(PY) -m tools.compose $(ARGS)

clean:  ## remove environments, caches and what runs left
	@rm -rf .venv .uv .demo build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
