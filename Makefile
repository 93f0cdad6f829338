# Each target does all its own set-up in $(VENV), and does it again only when what it depends on has changed.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: try test coverage lint locales pocket pocket-smoke lessons screenshot figures

try: $(STAMP)
	$(BIN)/noisefox try

# A process a core, each with one thread: small models gain more from that than from threads. Whole files are handed out,
# so that their fixtures are made once, in the order of tests/conftest.py.
test: export OMP_NUM_THREADS = 1
test: $(STAMP)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder --durations 10

# Branch coverage of bot, storage and engine, and a failure below what pyproject.toml asks for. It is counted in every
# process. A test that must be fast may fail while it is counted; `make test` says whether it does otherwise.
coverage: export OMP_NUM_THREADS = 1
coverage: $(STAMP)
	rm -rf build/coverage
	-$(BIN)/python -m coverage run -m pytest --ignore tests/training --ignore tests/playground --numprocesses auto \
		--dist loadfile --no-loadscope-reorder
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The template of the translations from the source, and every language in step with it.
locales: $(STAMP)
	$(BIN)/python -m tools.catalogues

pocket: $(STAMP)
	$(BIN)/python -m training.recipe --to generation/pocket

pocket-smoke: $(STAMP)
	$(BIN)/python -m pytest tests/training/test_recipe.py

# The examples of /what, drawn anew by the pocket model.
lessons: $(STAMP)
	$(BIN)/python -m bot.lessons.making

screenshot: $(STAMP)
	$(BIN)/python -m tools.screenshot docs

figures: $(STAMP)
	$(BIN)/python -m tools.figures docs

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,faces,gguf,heic,nsfw,ray,training,upscale]"
	touch $@
