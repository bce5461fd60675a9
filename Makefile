# Everything that is done with this repository. `make help` lists it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
BUILT = $(or $(CARGO_TARGET_DIR),target)
LARGESSE = $(BUILT)/release/largesse

WASM := wasm32-wasip2
# What `largesse policy build --pure` compiles for.
BARE := wasm32-unknown-unknown
POLICIES := $(notdir $(patsubst %/,%,$(dir $(wildcard plugins/*/Cargo.toml))))
# What `largesse policy new` begins a policy with.
TEMPLATES := draw ladder milestone referral streak
# The contract version that is not released yet, and the guest that stands for it.
FROZEN := tests/frozen/0.1.0
FREEZES := counts_days
AS_GUEST := --profile guest --target $(WASM)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Start a host with one campaign of each policy and print a curl line that works
	$(LARGESSE) quickstart

.PHONY: demo
demo: build ## Send a bundled day of events and print what each campaign granted and spent
	$(LARGESSE) demo

.PHONY: test
test: plugins guests ## Build the policies and guests, then run every test
	$(CARGO) test --workspace --exclude largesse-guests

.PHONY: crash
crash: plugins guests ## Kill the host at every fail point five times and at 200 random moments
	LARGESSE_CRASH_ROUNDS=$${LARGESSE_CRASH_ROUNDS:-5} LARGESSE_CRASH_KILLS=$${LARGESSE_CRASH_KILLS:-200} \
	LARGESSE_CRASH_SEED=$${LARGESSE_CRASH_SEED:-$$(date +%s)} \
	$(CARGO) test --workspace --exclude largesse-guests --test program crash:: -- --nocapture

.PHONY: test-dates
test-dates: plugins guests ## Run what depends on the clock with the clock a year ahead (AHEAD="+2y" another), by means of faketime
	./.ci/dates $(AHEAD)

.PHONY: contract-test
contract-test: ## Hold the HTTP interface to the CloudEvents SDKs, linters, generated clients and generated requests (needs Python and Node.js)
	@test -x $${LARGESSE:-$(BUILT)/debug/largesse} || $(CARGO) test --workspace --exclude largesse-guests --no-run
	./.ci/contract

.PHONY: siege
siege: $(if $(DEBUG),plugins,build) guests ## Attack a host beside a well-behaved caller, 15 s for each attack; SHORT=1 takes 2 s for each, ATTACKS="..." some of them, DEBUG=1 the host of `make test`
	$(BUILT)/$(if $(DEBUG),debug,release)/siege $(if $(SHORT),--short) $(ATTACKS)

.PHONY: storm
storm: plugins guests ## Have one event lead to half a million grants, kill the host 20 times meanwhile, and hold a caller beside it to 250 ms
	LARGESSE_STORM_GRANTS=$${LARGESSE_STORM_GRANTS:-44} LARGESSE_STORM_KILLS=$${LARGESSE_STORM_KILLS:-20} \
	$(CARGO) test --release --workspace --exclude largesse-guests --test program crash::cascade -- --nocapture

.PHONY: mutants
mutants: plugins guests ## Load and run 5000 mutants of policies and guests, from a seed of the day; `make test` does so with 240
	LARGESSE_MUTANTS=$${LARGESSE_MUTANTS:-5000} LARGESSE_MUTANTS_SEED=$${LARGESSE_MUTANTS_SEED:-$$(date +%s)} \
	$(CARGO) test --workspace --exclude largesse-guests --test mutants -- --nocapture

.PHONY: bench
bench: build guests ## Measure decisions and durable throughput, next to what plain SQLite can do
	$(BUILT)/release/bench

.PHONY: bench-start
bench-start: build ## Measure how long a host with 200 published versions takes to start (compiles for some minutes)
	$(BUILT)/release/bench start

.PHONY: build
build: plugins ## Build the host, as it is released, and the programs that measure it
	$(CARGO) build --release -p largesse -p largesse-tests --bins

.PHONY: target
target: ## Have the compiler's targets for policies
	@for target in $(WASM) $(BARE); do \
	  test -d "$$(rustc --print target-libdir --target $$target)" || rustup target add $$target; \
	done

.PHONY: plugins
plugins: target ## Build the policies
	$(CARGO) build $(AS_GUEST) $(addprefix -p ,$(POLICIES))

.PHONY: guests
guests: target ## Build the guest programs that tests are done with
	$(CARGO) build $(AS_GUEST) -p largesse-guests --examples

# Not part of anything else: it needs Node.js, npm and some minutes. `npm ci` refuses lock files that leave out what other machines need.
JS := plugins/check-in-js
JS_COMPONENT = $(BUILT)/check-in-js/check_in_js.wasm

.PHONY: check-in-js
check-in-js: build ## Build the policy check-in in JavaScript, and hold it to the one in Rust (needs Node.js and npm)
	npm install --prefix $(JS) --no-save --no-audit --no-fund
	mkdir -p $(dir $(JS_COMPONENT))
	node $(JS)/build.mjs $(JS_COMPONENT)
	$(LARGESSE) policy test $(JS_COMPONENT) --interpreters --scenarios plugins/check-in/scenarios
	$(LARGESSE) policy check $(JS_COMPONENT) --interpreters --params $(JS)/params.json --cases 300 \
	  --against $(BUILT)/$(WASM)/guest/check_in.wasm

.PHONY: frozen
frozen: guests ## Keep the component of the contract version that is not released yet, for the test of frozen ones
	@! grep -qs '^released = true' $(FROZEN)/built.toml || { echo "$(FROZEN) is released and does not change"; exit 1; }
	cp $(BUILT)/$(WASM)/guest/examples/$(FREEZES).wasm $(FROZEN)/policy.wasm
	{ echo "# Written by \`make frozen\`."; \
	  echo "released = false"; \
	  echo "source = \"tests/guests/examples/$(FREEZES).rs\""; \
	  echo "source_sha256 = \"$$(sha256sum < tests/guests/examples/$(FREEZES).rs | cut -d ' ' -f 1)\""; \
	  echo "component_sha256 = \"$$(sha256sum < $(FROZEN)/policy.wasm | cut -d ' ' -f 1)\""; \
	  echo "compiler = \"$$(rustc --version)\""; } > $(FROZEN)/built.toml

.PHONY: fmt
fmt: ## Format everything
	$(CARGO) fmt --all

.PHONY: lint
lint: target ## Check the format, and run clippy for the host and for the policies' target
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --exclude largesse-guests --all-targets -- -D warnings
	$(CARGO) clippy --target $(WASM) $(addprefix -p ,$(POLICIES) $(TEMPLATES)) -- -D warnings
	$(CARGO) clippy --target $(WASM) -p largesse-guests --examples -- -D warnings

.PHONY: docs
docs: ## Build the documentation of every crate
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --workspace --exclude largesse-guests

.PHONY: generated
generated: ## Write the OpenAPI document, the list of problem types, the table of limits and the rules for policies anew
	UPDATE_OPENAPI=1 $(CARGO) test --workspace --exclude largesse-guests --lib generated

.PHONY: ci
ci: ## Do what the continuous integration does
	./.ci/run

.PHONY: clean
clean: ## Remove everything that was built
	$(CARGO) clean
