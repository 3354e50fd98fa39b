PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: run test lint clean

run: .venv/installed
	$(BIN)/python run_pipeline.py --dataset sample --classifiers svm,logreg,lda,forest,cnn --cnn-epochs 10 --out runs/sample

test: .venv/installed
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --cov --cov-report=term-missing:skip-covered --cov-fail-under=80

lint: .venv/installed
	$(BIN)/flake8

.venv/installed: setup.cfg constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[cnn,dask,test]'
	touch $@

clean:
	rm -rf .venv runs
