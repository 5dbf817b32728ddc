# `make demo` shows what the program does, `make check` is for before a commit, `make test` runs all tests. Each makes the
# virtual environment that it needs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
unexport PYTHONDONTWRITEBYTECODE  # with it each process of the tests would translate all of them anew: a third of its start

.PHONY: demo test fast lowest compiled docs bench bench-solver lint types check fit freeze validate clean

$(VENV)/.installed: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --no-config --python $(BIN)/python --editable ".[dev,docs]"
	@touch $@

demo: $(VENV)/.installed  ## the main job on embedded data
	@mkdir -p output
	$(BIN)/sinterface sweep pc-LNMO pc-LCO --as-received --temperatures 400:1000:50 --hold "2 h" --ramp "10 °C/min" \
		--atmosphere O2 --mass-ratio 1:1 -o "output/demo-{cathode}.nc" --plot output/demo.png

test: $(VENV)/.installed  ## all tests, and a tenth of `make torture`: some ten minutes on two cores
	$(BIN)/python -m pytest -n 2 --dist worksteal

fast: $(VENV)/.installed  ## the tests that are neither slow nor thorough: under a minute on two cores
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not thorough"

lowest:  ## some tests with the oldest versions that pyproject.toml allows; .ci/lowest names them
	.ci/lowest

compiled: $(VENV)/.installed  ## compiled code, made once: without it each process of the tests compiles the same
	$(BIN)/sinterface run pc-LNMO --temperature 500 --cells 8 > /dev/null
	$(BIN)/sinterface reactions pc-LCO --temperature 700 > /dev/null

docs: $(VENV)/.installed  ## the documentation site in build/site, which loads nothing from elsewhere; warnings are errors
	@rm -rf build/site
	$(BIN)/python -m sphinx -q -W --keep-going -E -c docs -d build/doctrees . build/site
	@! grep -rnE '<(script|link|img|iframe)[^>]*(src|href)="(https?:)?//' build/site --include=*.html
	@echo "open build/site/index.html"

bench: $(VENV)/.installed  ## timings beside pymatgen and SciPy: a table, and output/benchmarks.json
	$(BIN)/python benchmarks/run.py

bench-solver: $(VENV)/.installed  ## timings of whole runs: some minutes
	$(BIN)/python benchmarks/solver.py

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed  ## on a copy laid out as installed: editable installs hide the mapped folders from mypy
	@rm -rf build/types
	@mkdir -p build/types
	@cp -Rp simulate/_facade build/types/sinterface
	@cp -Rp models simulate validation build/types/sinterface/
	@rm -rf build/types/sinterface/simulate/_facade
	MYPYPATH=build/types $(BIN)/mypy -p sinterface
	$(BIN)/mypy docs/rooms.py docs/commands.py docs/reliability_figures.py

check: lint types fast  ## before each commit: about a minute

fit: $(VENV)/.installed  ## make the derived tables again: DFT corrections, then the assimilated stabilities
	$(BIN)/python -m sinterface.models.evidence.fit_corrections
	$(BIN)/python -m sinterface.models.evidence.assimilate

freeze: $(VENV)/.installed  ## put today's predictions on record: say in the commit why they moved
	$(BIN)/python -m sinterface.validation.scores.frozen validation/scores/frozen.csv

validate: $(VENV)/.installed  ## predictions against observations: tables, and output/validation.html; some ten minutes
	@mkdir -p output
	$(BIN)/sinterface validate --samples 24 --report output/validation.html -o output/validation.json

clean:
	rm -rf $(VENV) build output *.egg-info

.PHONY: thorough
thorough: $(VENV)/.installed  ## 3,600 profiles beside pymatgen and 10,000 problems beside SciPy, where `make test` does a fifth
	SINTERFACE_THOROUGH=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal tests/models/test_peers.py tests/models/test_simplex.py

.PHONY: torture
torture: $(VENV)/.installed  ## kills, full disks, spoiled files: some 15 minutes; `make torture TORTURE=0.1` does a tenth
	TORTURE=$(or $(TORTURE),1) $(BIN)/python -m pytest -q tests/simulate/test_torture.py tests/simulate/test_cluster.py
	$(BIN)/python docs/reliability_figures.py
