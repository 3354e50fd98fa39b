# The newest Python that fits and can make an environment; another by make PYTHON=…
PYTHON ?= $(shell for one in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	$$one -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2> /dev/null \
	&& echo $$one && break; done)
BIN := .venv/bin

.PHONY: run test check lint types docs peers clean

run: .venv/installed
	$(BIN)/python run_pipeline.py --dataset sample --classifiers svm,logreg,lda,forest,cnn --cnn-epochs 10 --out runs/sample

test: .venv/installed
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --cov --cov-report=term-missing:skip-covered --cov-fail-under=80

# What a change passes before it is kept, in under two minutes; the rest is make test.
check: lint types
	$(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadfile -m "not slow"

lint: .venv/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check

# The package is found by its name, whatever the folder of the clone is called.
types: .venv/installed
	mkdir -p build/typing
	ln -sfn ../.. build/typing/lineament
	$(BIN)/mypy --cache-dir build/mypy -m lineament -m typed_use

docs: .venv/installed
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet docs build/docs
	@echo "Site: build/docs/index.html"

.venv/installed: setup.cfg constraints.txt
	@$(if $(PYTHON),echo "An environment by $$($(PYTHON) --version) in .venv",echo "No Python 3.11 to 3.14 with venv is \
	found: install one, or name it: make PYTHON=…" && false)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[cnn,dask,docs,test]'
	touch $@

# What benchmarks compare with, without what they would bring: a dlib that needs a compiler, another scikit-learn.
peers: .venv/installed
	$(BIN)/pip install --quiet --no-deps face_recognition lazypredict

clean:
	rm -rf .venv build runs
