# Everything starts here. `make run` needs python3 (3.11 or newer) and nothing else.
PYTHON ?= python3
START = @command -v $(PYTHON) >/dev/null || { echo "python3 is missing. Install Python 3.11 or newer (Debian, Ubuntu: apt install python3 python3-venv)."; exit 1; }; exec $(PYTHON) kap/ops/bootstrap.py

.PHONY: help setup run test check screenshots bench sweep backup restore lock clean

help:
	@echo "make run          start the clinic (PORT=8000), first set-up included"
	@echo "make test         all tests, browser included       (ARGS='tests/intake -x' for some)"
	@echo "make check        style, import order, migrations, templates"
	@echo "make setup        only set up"
	@echo "make screenshots  take the pictures of docs/screens anew"
	@echo "make bench        measure"
	@echo "make sweep        the long checks: every page as every role, every hostile word, the drills at length"
	@echo "make backup       FILE=kap.dump: the database into a file, also while the clinic runs; FILE.keys has seal and secrets"
	@echo "make restore      FILE=kap.dump: an empty database from it (REPLACE=yes empties it first)"
	@echo "make lock         write the hashed locks anew from requirements.txt"
	@echo "make clean        remove what set-up made; data in var/ stays"

setup run test check screenshots bench sweep lock:
	$(START) $@ $(ARGS)

backup restore:
	@test -n "$(FILE)" || { echo "Name the file: make $@ FILE=kap.dump"; exit 1; }
	$(START) $@ "$(FILE)" $(if $(REPLACE),--replace) $(if $(THROUGH),--through "$(THROUGH)")

clean:
	rm -rf .venv node_modules static/vendor var/static var/static.stamp .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Data, secrets and logs in var/ were kept; remove that folder to forget them too."
