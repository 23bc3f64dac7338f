.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
MEMBERS := contracts verify chassis gateway sdk services/catalog services/sharing services/opening services/audit \
           services/portal services/commission deploy/local
SERVICES := catalog sharing opening audit commission gateway portal
VERSION := $(shell sed -n 's/^version: //p' deploy/k8s/zhengshu/Chart.yaml)
BUNDLE := dist/zhengshu-$(VERSION)
BUILDER ?= docker
T ?= tests
SOURCES := contracts/src verify/src chassis/src gateway/src sdk/src $(wildcard services/*/src) deploy tests

##@ Start
.PHONY: install demo up down
install: $(READY) ## Install everything into .venv (no root, no Docker)
$(READY): requirements.lock $(addsuffix /pyproject.toml,$(MEMBERS))
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet --disable-pip-version-check "$$(sed -n 's/^\(uv==[^ ;]*\).*/\1/p' requirements.lock)"
	@VIRTUAL_ENV=.venv $(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation $(addprefix -e ./,$(MEMBERS))
	@touch $@

demo: $(READY) ## The whole story on this machine; leaves the node running (EXIT=1 stops it afterwards)
	@$(BIN)/zhengshu-local demo $(if $(EXIT),--exit)

up: $(READY) ## Start the node (PostgreSQL, NATS and every deployable)
	@$(BIN)/zhengshu-local up

down: $(READY) ## Stop the node
	@$(BIN)/zhengshu-local down

##@ Check
.PHONY: fmt lint types layers isolate contracts-check check
fmt: $(READY) ## Format
	@$(BIN)/ruff format $(SOURCES) && $(BIN)/ruff check --fix $(SOURCES)
lint: $(READY) ## Lint and formatting
	@$(BIN)/ruff check $(SOURCES) && $(BIN)/ruff format --check $(SOURCES)
types: $(READY) ## mypy, strict
	@$(BIN)/mypy
layers: $(READY) ## Who may import whom
	@$(BIN)/lint-imports
isolate: $(READY) ## Each distribution imports with nothing but what it declares
	@$(BIN)/python tests/isolate.py $(MEMBERS)
check: lint types layers contracts-check isolate ## All of these

##@ Test
.PHONY: test faults test-browser bench
test: $(READY) ## All tests but the browser's (T=path narrows)
	@PYTHONHASHSEED=0 $(BIN)/pytest -m "not browser and not ship" --durations=20 -n 2 --dist loadfile --no-loadscope-reorder $(T)
faults: $(READY) ## Every fault again and again (ROUNDS=3): each named point in each service, chance kills by seed
	@FAULT_ROUNDS=$(or $(ROUNDS),3) $(BIN)/pytest tests/faults
test-browser: $(READY) ## The pages in a real Chromium (installed by apt when it is missing and we are root)
	@which chromium chromium-browser >/dev/null || (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null)
	@$(BIN)/pytest tests/browser
bench: $(READY) ## Figures beside the engine underneath (B="--pieces push --rounds 3" narrows, B=--write keeps them in docs)
	@PYTHONPATH=tests $(BIN)/python -m performance $(B)

##@ Contracts
.PHONY: contracts
contracts: $(READY) ## Regenerate OpenAPI, AsyncAPI, and the pages of docs that come from code
	@$(BIN)/python -m zhengshu_local.specs contracts
contracts-check: $(READY) ## Generated documents are current, golden events still load, events only grew
	@$(BIN)/python -m zhengshu_local.specs --check contracts

##@ Ship
.PHONY: chart chart-test bundle images images-check
chart: $(READY) ## Bring the chart's generated files up to date
	@$(BIN)/python -m zhengshu_local.chart deploy/k8s/zhengshu
chart-test: $(READY) ## The chart with real helm; each values file run on this machine; the bundle installed (minutes; M=ship: these alone)
	@$(BIN)/pytest tests/deploy -m "$(or $(M),ship or not ship)"
bundle: $(READY) ## dist/: everything for an installation without network (ARCH=aarch64 for other machines)
	@$(BIN)/python deploy/bundle.py $(BUNDLE) $(ARCH)
images: bundle ## Build the images (REGISTRY=… to name it, BUILDER=podman, PUSH=1)
	@set -e; for name in $(SERVICES); do image=$(if $(REGISTRY),$(REGISTRY)/)zhengshu-$$name:$(VERSION); \
	  $(BUILDER) build --build-arg PACKAGE=$$name --tag $$image $(BUNDLE); $(if $(PUSH),$(BUILDER) push $$image;) done
images-check: bundle ## Build and start every image on a Debian base (root, buildah, debootstrap)
	@$(BIN)/python tests/images_check.py $(BUNDLE)

##@ Maintain
.PHONY: lock help
lock: $(READY) ## Refresh requirements.lock
	@$(BIN)/uv lock --quiet --upgrade && $(BIN)/uv export --quiet --all-packages --all-groups --no-emit-workspace --no-header --no-annotate -o requirements.lock
help: ## This list
	@awk 'BEGIN{FS=":.*## "} /^##@/{printf "\n\033[1m%s\033[0m\n",substr($$0,5)} /^[a-z-]+:.*## /{printf "  %-16s %s\n",$$1,$$2}' $(MAKEFILE_LIST)
