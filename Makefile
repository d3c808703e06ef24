# make demo   from a trained network to native code, everything shown
# make test   all tests but the slow ones
# make fuzz   every reader of untrusted files, a million inputs or a minute each (FUZZ_SECONDS)
#
# Both make what they need in .venv first. Set PYTHON to use another Python than python3.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
OUT := out

PAPER_TABLE_2 := 6 2 10 6 8 9 0 0 0 0 0 0

export OMP_NUM_THREADS ?= 1

PROVED := access access-gradient access-lstm copy copy-gradient increment listk listk-lstm \
	listsearch merge permutation reverse swap walkbst

.PHONY: demo test test-slow lint bench fuzz prove clean graphviz

demo: $(READY) graphviz models/copy.pt
	@mkdir -p $(OUT)
	$(BIN)/hardmax info models/copy.pt
	$(BIN)/hardmax extract models/copy.pt -o $(OUT)/copy.json
	$(BIN)/hardmax compile models/copy.pt -o $(OUT)/libcopy.so --header
	$(BIN)/hardmax draw models/copy.pt -o $(OUT)/copy.$$(cat $(OUT)/drawing-format)
	$(BIN)/hardmax run $(OUT)/libcopy.so --trace $(PAPER_TABLE_2)
	$(BIN)/hardmax verify models/copy.pt $(OUT)/libcopy.so | tee $(OUT)/verification; \
	tail -n 1 $(OUT)/verification | grep -qx 'verdict: exact'
	@echo
	@echo "input:   $(PAPER_TABLE_2)"
	@echo "answer:  $$($(BIN)/hardmax run $(OUT)/libcopy.so $(PAPER_TABLE_2))"
	@echo "drawing: $(OUT)/copy.$$(cat $(OUT)/drawing-format)"
	@tail -n 1 $(OUT)/verification

test: $(READY) graphviz
	$(BIN)/python -m pytest -n auto

test-slow: $(READY) graphviz
	$(BIN)/python -m pytest -n auto -m slow

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python -m benchmarks.timestep
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.memory_size
	$(BIN)/python -m benchmarks.ntm
	$(BIN)/python -m benchmarks.ntm_errors

FUZZ_SECONDS ?= 60
FUZZED := pickle zip safetensors model program metadata library sequence memory

fuzz: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	@mkdir -p $(OUT)
	@for reader in $(FUZZED); do echo "== $$reader"; \
	$(BIN)/python -m tests.fuzz $$reader --seconds $(FUZZ_SECONDS) >$(OUT)/fuzz-$$reader.log 2>&1 || \
	{ tail -n 40 $(OUT)/fuzz-$$reader.log; exit 1; }; \
	grep -a ^Done $(OUT)/fuzz-$$reader.log; done

# Certificates of the shipped models anew; `make test` checks those that are there.
prove: $(READY)
	for name in $(PROVED); do \
	$(BIN)/hardmax prove models/$$name.pt -o models/$$name.proof || exit 1; done

clean:
	rm -rf $(VENV) $(OUT) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

models/copy.pt: | $(READY)
	$(BIN)/hardmax train copy -o $@

# The virtual environment, made anew when the dependencies change.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "hardmax needs Python 3.11 or later; set PYTHON to one"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(call install,python3-venv) || \
	{ echo "hardmax needs the venv module: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

# Graphviz draws; without it, the drawing is DOT text.
graphviz:
	@mkdir -p $(OUT)
	@command -v dot >/dev/null || $(call install,graphviz) || \
	echo "Graphviz is not installed (apt-get install graphviz): drawing DOT text"
	@if command -v dot >/dev/null; then echo svg; else echo dot; fi >$(OUT)/drawing-format

# Install a package of the system, where this user may.
install = { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	{ apt-get install -qq -y $(1) || { apt-get update -qq && apt-get install -qq -y $(1); }; } >/dev/null 2>&1; }
