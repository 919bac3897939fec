# Everything here is safe to run again: what is there already is used.
.DEFAULT_GOAL := help
SHELL := bash

.PHONY: help demo demo-modal demo-release crash simulate test bench build docs install lint format services stop-services clean-services

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: ## Install what is missing, build, and reconcile the sample registry to the environment local
	@.ci/demo

demo-modal: ## Show the staging lane on a stand-in of Modal's control plane: deploy, sync, smoke, drift
	@.ci/demo-modal

demo-release: ## Show a change from its pull request to main and back: lanes, promotion, drift, rollback, prune
	@.ci/demo-release

crash: ## Kill a lane at each entry of its journal, run it again, compare (PROCESSORS=all: the whole sample; STRIDE=n)
	@.ci/crash

test: ## Run all tests, on real components
	@.ci/test

simulate: ## Run the engine, as it is released, in simulated worlds: SEEDS=n of them, from seed BASE (default: a fresh one), with these STEPS (default: all)
	@swift build --configuration release --product Simulate >&2
	@$$(swift build --configuration release --show-bin-path)/Simulate $(or $(SEEDS),1000) $(BASE) $(STEPS)

bench: ## Measure validate, contexts, a far OCI registry, Modal and an unchanged world beside their peers (PINION_BENCH_SIZES=100: quick)
	@.ci/bench

build: ## Build pinion
	@.ci/setup build
	PINION_COMMIT=$$(.ci/commit) swift build --product pinion

install: ## Build for release and install with completions: PREFIX (default /usr/local), DESTDIR
	@.ci/setup build
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" .ci/install

docs: ## Write the pages that are made from the program: commands and error codes
	@swift build --product pinion >&2
	@$$(swift build --show-bin-path)/pinion reference commands > Sources/CLI/CLI.docc/Commands.md
	@$$(swift build --show-bin-path)/pinion reference errors > Sources/CLI/CLI.docc/Errors.md

lint: ## Check the format of the Swift sources
	swift format lint --strict --parallel --recursive Package.swift Sources Tests --configuration .swift-format

format: ## Format the Swift sources
	swift format --in-place --parallel --recursive Package.swift Sources Tests --configuration .swift-format

services: ## Start what the demo and the tests need: a Docker engine, an OCI registry, arm64 emulation, Python
	@.ci/services start

stop-services: ## Stop what 'services' started; data stays
	@.ci/services stop

clean-services: ## Stop the services, remove their data and containers, name what was installed
	@.ci/services clean
