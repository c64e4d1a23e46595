# make run    set up and open the app          make test    set up and run every test
# make check  style, types, import rules       make fix     let the tools mend what they can
# make scale  several processes behind nginx (Debian: apt-get install nginx-light), and vectors in Milvus
# make guarantees  the guarantees at full size, their counts in bench/guarantees.md, and the other tests that are run
#                  every night and not every time (hours)
# make audit  the installed packages against known vulnerabilities (needs the network)
# make bench  measure beside the baseline (ten minutes; make bench-full: hours)
# make bench-peers MODEL=FILE.gguf FOLDER=…  beside Open WebUI, which it sets up (hours)
# make samples make the sample documents anew          make dist   build the wheel and prove it in an empty environment
# make docs   build the docs site into site/           make pictures  take the tutorial's pictures anew

.DEFAULT_GOAL := run
.PHONY: run test check scale guarantees audit fix browser bench bench-peers samples docs pictures dist clean

PYTHON ?= python3.11
# On Linux the ordinary index carries torch with CUDA (2.5 GB more); this one has the build for processors.
TORCH_CPU_INDEX ?= https://download.pytorch.org/whl/cpu
# llama-cpp-python's own, with ready builds; the ordinary index has its source alone.
LLAMA_INDEX ?= https://abetlen.github.io/llama-cpp-python/whl/cpu
# How many share the test files; each has a library, a server and a browser of its own where it needs one.
PROCESSES ?= 2
VENV   := .venv
BIN    := $(VENV)/bin
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM := false

# The model runner is set up beside the running app, which answers with quotes until then.
run: $(VENV)/.app
	@test -e $(VENV)/.llama || $(MAKE) --no-print-directory $(VENV)/.llama &
	$(BIN)/streamlit run app.py

test: $(VENV)/.dev browser check
	$(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadgroup --no-loadscope-reorder $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

scale: $(VENV)/.dev browser
	$(BIN)/python -m pytest tests/scale -m scale $(ARGS)

guarantees: $(VENV)/.dev browser
	$(BIN)/python -m pytest tests --ignore tests/guarantees -m nightly $(ARGS)
	FOOTNOTE_GUARANTEES=full $(BIN)/python bench/guarantees.py

audit: $(VENV)/.dev
	$(BIN)/python bench/audit.py

fix: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A newer pip first: 23.2 fails on some extras. Then torch, so that its CPU build is taken (set
# TORCH_CPU_INDEX to another index for a graphics card). Then all but the compiled model runner.
$(VENV)/.app: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade "pip>=26"
	$(BIN)/pip install --quiet --no-deps --retries 0 --timeout 10 --index-url $(TORCH_CPU_INDEX) \
	  $$(grep '^torch==' requirements.txt) 2>/dev/null || echo "taking torch from the ordinary index"
	$(BIN)/pip install --quiet $$(grep '^torch==' requirements.txt)
	grep -v '^-r ' requirements.txt > $(VENV)/without-llama.txt
	$(BIN)/pip install --quiet -r $(VENV)/without-llama.txt
	touch $@

# The model runner: a ready wheel of its own index where that answers, otherwise the compiler; without either the app
# still shows its quotes.
$(VENV)/.llama: $(VENV)/.app requirements-llama.txt
	$(BIN)/pip install --quiet --no-deps --only-binary :all: --retries 0 --timeout 10 --index-url $(LLAMA_INDEX) \
	  $$(grep '^llama-cpp-python==' requirements-llama.txt) 2>/dev/null || echo "compiling llama-cpp-python: minutes"
	$(BIN)/pip install --quiet -r requirements.txt || \
	  echo "llama-cpp-python could not be built: answers will be quotes only. See docs/how-to/install.md."
	touch $@

$(VENV)/.dev: $(VENV)/.app $(VENV)/.llama requirements-dev.txt requirements-docs.txt requirements-team.txt \
  requirements-multilingual.txt
	cat requirements-team.txt requirements-multilingual.txt requirements-dev.txt requirements-docs.txt | \
	  grep -v '^-r ' > $(VENV)/dev.txt
	$(BIN)/pip install --quiet -r $(VENV)/dev.txt
	touch $@

# Chromium for the browser tests, and poppler to check the boxes against: Debian's packages
# where there is apt and root, otherwise Playwright's own browser.
browser: $(VENV)/.dev
	@if command -v chromium >/dev/null && command -v pdftotext >/dev/null; then :; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk poppler-utils >/dev/null; \
	else $(BIN)/playwright install chromium; fi

# Beside the usual tutorial's pipeline, in the same run. FOLDER with PDFs (and questions.jsonl).
FOLDER ?= data/samples
BENCH  := bench/var/venv
bench: $(VENV)/.dev $(BENCH)/.made
	$(BIN)/python bench/prompts.py $(FOLDER)
	$(BIN)/python bench/run.py $(FOLDER) --rounds 1 $(ARGS)
	$(BIN)/python bench/writing.py --rounds 3
	$(BIN)/python bench/starting.py --rounds 3
	$(BIN)/python bench/growth.py $(FOLDER) --sizes 1000 10000

# Hours: more rounds, libraries of up to a million chunks, and the answers of a model of your own: MODEL=file.gguf.
bench-full: $(VENV)/.dev $(BENCH)/.made
	$(BIN)/python bench/run.py $(FOLDER) $(if $(MODEL),--model $(MODEL))
	$(BIN)/python bench/prompts.py $(FOLDER)
	$(BIN)/python bench/writing.py $(MODEL)
	$(BIN)/python bench/engine.py $(MODEL)
	$(BIN)/python bench/starting.py
	$(BIN)/python bench/growth.py $(FOLDER) --sizes 1000 10000 100000 1000000

# Beside another app over the same PDFs, with the same embedder and the same model, in an environment of its own.
PEER := bench/var/peer
bench-peers: $(VENV)/.dev $(PEER)/.made
	$(BIN)/python bench/peers/compare.py $(FOLDER) --model $(MODEL) --peer $(PEER) $(ARGS)

$(PEER)/.made: bench/peers/requirements.txt
	$(PYTHON) -m venv $(PEER)
	$(PEER)/bin/pip install --quiet --upgrade "pip>=26"
	$(PEER)/bin/pip install --quiet --no-deps --retries 0 --timeout 10 --index-url $(TORCH_CPU_INDEX) \
	  $$(grep '^torch==' requirements.txt) 2>/dev/null || echo "taking torch from the ordinary index"
	$(PEER)/bin/pip install --quiet $$(grep '^torch==' requirements.txt)
	$(PEER)/bin/pip install --quiet -r bench/peers/requirements.txt
	touch $@

# The baseline has an environment of its own.
$(BENCH)/.made: bench/requirements.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet --upgrade "pip>=26"
	$(BENCH)/bin/pip install --quiet --no-deps --retries 0 --timeout 10 --index-url $(TORCH_CPU_INDEX) \
	  $$(grep '^torch==' requirements.txt) 2>/dev/null || echo "taking torch from the ordinary index"
	$(BENCH)/bin/pip install --quiet -r bench/requirements.txt
	touch $@

# Wheel and sdist, held against their own rules and tried in an environment that shares nothing; what it then holds is
# listed as a bill of materials (CycloneDX).
dist: $(VENV)/.dev browser
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist .
	$(BIN)/twine check --strict dist/*
	$(BIN)/validate-pyproject pyproject.toml
	FOOTNOTE_DIST=alone $(BIN)/python -m pytest tests/test_package.py
	$(BIN)/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --output-file dist/sbom.json

# Offline and strict: a link that leads nowhere, or a page that stands in no menu, fails it.
docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict

pictures: $(VENV)/.dev browser
	$(BIN)/python -m docs.building.pictures

samples: $(VENV)/.dev
	$(BIN)/python data/make_samples.py

clean:
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache .hypothesis
