# The ways to run and check this project on one machine. Works with GNU make 3.81, as macOS has it.

CARGO ?= cargo

.DEFAULT_GOAL := help
.PHONY: help tools build run test simulate alerts gateway audit bench drill fuzz cargo

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

tools: ## install PostgreSQL and nats-server into .tools, once
	@sh deploy/tools/install

build: cargo ## build crm as it is shipped: target/release/crm
	@$(CARGO) build --release --locked -p portal --bin crm

run: tools build ## build crm and run all of it here, with its data in .crm
	@exec target/release/crm serve --embedded

test: cargo tools ## check the format and the lints, and run all tests
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	@$(CARGO) metadata --quiet --locked --format-version 1 --manifest-path fuzz/targets/Cargo.toml >/dev/null
	@$(CARGO) test --workspace --locked --no-run
	@exec $${CARGO_TARGET_DIR:-target}/debug/with-servers $(CARGO) test --workspace --locked
	@! command -v promtool >/dev/null 2>&1 || $(MAKE) --no-print-directory alerts

alerts: ## test the alert rules of deploy/prometheus with promtool
	@command -v promtool >/dev/null 2>&1 || { echo "make: promtool is missing; it comes with Prometheus (Debian, Ubuntu: apt-get install --no-install-recommends prometheus)" >&2; exit 1; }
	@promtool check config deploy/prometheus/prometheus.yml
	@promtool test rules deploy/prometheus/crm.test.yml

gateway: ## ask the example gateway which TLS it speaks; needs nginx and curl, and no service
	@command -v nginx >/dev/null 2>&1 || { echo "make: nginx is missing (Debian, Ubuntu: apt-get install --no-install-recommends nginx-light)" >&2; exit 1; }
	@deploy/gateway/check

audit: cargo ## hold all libraries against advisories, licences and sources with cargo-deny
	@$(CARGO) deny --version >/dev/null 2>&1 || { echo "make: cargo-deny is missing: cargo install --locked cargo-deny" >&2; exit 1; }
	@$(CARGO) deny --locked --all-features check
	@$(CARGO) deny --locked --all-features --manifest-path fuzz/targets/Cargo.toml check --config deny.toml

simulate: cargo ## 10,000 seeds of the simulation, and 10,000 cases of each random machine
	@$(CARGO) test --locked -p domain -p projections --test machines --test simulation --no-run
	@SIM_SEEDS=10000 $(CARGO) test --locked -p projections --test simulation -- --skip folds
	@PROPTEST_CASES=10000 $(CARGO) test --locked -p domain -p projections --test machines --test simulation -- _whatever_is_asked folds

bench: cargo tools ## measure it beside what one would use instead, in a quarter of an hour; BENCH=--help tells more
	@$(CARGO) build --release --locked -p portal --bin crm -p bench --bin bench
	@exec target/release/bench $(BENCH)

drill: cargo tools ## break everything on purpose for about 10 minutes, and catch five planted bugs; DRILL=--help tells more
	@$(CARGO) build --locked -p portal --bin crm --features planted
	@mkdir -p target/drill && cp target/debug/crm target/drill/crm-planted
	@$(CARGO) build --locked -p portal -p drill
	@exec target/debug/drill --planted target/drill/crm-planted $(DRILL)

fuzz: tools build ## a million inputs for each parser, then 20,000 random requests; more than an hour
	@CARGO="$(CARGO)" fuzz/targets/run
	@fuzz/api/run target/release/crm

cargo:
	@command -v $(CARGO) >/dev/null 2>&1 || { echo "make: cargo is missing; install Rust from https://rustup.rs and open a new terminal" >&2; exit 1; }
