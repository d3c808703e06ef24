# make demo   from examples to a proved program and a page that runs it, everything shown
# make test   all tests but the slow ones
# make fuzz   every reader of untrusted files, a million inputs or a minute each (FUZZ_SECONDS)
#
# Both make what they need in .venv first. Set PYTHON to use another Python than python3.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
OUT := out

PAPER_TABLE_3 := 3 1 12 4 7 12 1 13 8 2 1 3 11 11 12 0

export OMP_NUM_THREADS ?= 1

PROVED := access access-gradient access-lstm add-k copy copy-gradient double-each increment iota \
	last list-reverse listk listk-gradient listk-lstm listsearch max merge min permutation \
	prefix-sum queue-copy queue-gender reverse running-max stack-anbmcnm stack-anbn stack-dyck \
	stack-dyck-close stack-reversal stackrnn-reversal strlen swap swap-gradient walkbst

.PHONY: demo test test-slow lint bench fuzz prove site clean graphviz

demo: $(READY) graphviz
	@mkdir -p $(OUT)
	@echo "1. Access learns from random examples, before your eyes:"
	$(BIN)/hardmax train access --method gradient -o $(OUT)/access.pt
	@echo "2. A machine learns from your examples, the file examples/larger.jsonl:"
	$(BIN)/hardmax train examples/larger.jsonl -o $(OUT)/larger.pt
	@echo "3. The program that Access learned, and native code for it:"
	$(BIN)/hardmax extract $(OUT)/access.pt
	$(BIN)/hardmax compile $(OUT)/access.pt -o $(OUT)/libaccess.so --header
	$(BIN)/hardmax run $(OUT)/libaccess.so --trace $(PAPER_TABLE_3)
	@echo "4. A proof that it is right on every input, of every length:"
	$(BIN)/hardmax prove $(OUT)/access.pt -o $(OUT)/access.proof
	@echo "5. A page that shows and runs it:"
	$(BIN)/hardmax report $(OUT)/access.pt --check -o $(OUT)/access.html
	@echo
	@echo "the page: $(CURDIR)/$(OUT)/access.html (open it in a browser)"
	@echo "next:     $(BIN)/hardmax report models/merge.pt -o $(OUT)/merge.html"

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
FUZZED := pickle zip safetensors model program metadata library sequence symbols proof memory examples-jsonl examples-csv examples-npz

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

# The documentation and the gallery of the models, as files that a browser opens.
site: $(READY) graphviz
	$(BIN)/python -m docs.site $(OUT)

clean:
	rm -rf $(VENV) $(OUT) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The virtual environment, made anew when the dependencies change.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "hardmax needs Python 3.11 or later; set PYTHON to one"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(call install,python3-venv) || \
	{ echo "hardmax needs the venv module: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

# Graphviz draws; without it, pages show circuits and states as text.
graphviz:
	@mkdir -p $(OUT)
	@command -v dot >/dev/null || $(call install,graphviz) || \
	echo "Graphviz is not installed (apt-get install graphviz): pages show circuits as text"

# Install a package of the system, where this user may.
install = { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	{ apt-get install -qq -y $(1) || { apt-get update -qq && apt-get install -qq -y $(1); }; } >/dev/null 2>&1; }
