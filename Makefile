# The verbs. `make help` prints them; each is the module of its name in scripts/verbs/, with its own --help.
#
# CLOUD=local (the default) runs every verb against the embedded AWS of this clone; CLOUD=aws against AWS, with
# credentials by the SDK's ordinary chain. See docs/going-to-aws.md.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CLOUD ?= local
# The first Python that runs and is new enough; python3 itself where none is, so that the installer can say so.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && exit; done; echo python3)
ifeq ($(filter $(value CLOUD),local aws),)
$(error CLOUD is "$(value CLOUD)"; it is either local (the embedded AWS) or aws)
endif

ifneq ($(and $(filter register,$(MAKECMDGOALS)),$(filter-out 0 1,$(value APPROVE) $(value PROBABILITY) $(value FORCE))),)
$(error APPROVE, PROBABILITY and FORCE are 1 or left out, not "$(strip $(value APPROVE) $(value PROBABILITY) $(value FORCE))")
endif

ifneq ($(filter-out 0 1,$(value UNVERIFIED)),)
$(error UNVERIFIED is "$(value UNVERIFIED)"; it is 1 to take a release that preprod has not verified, else left out)
endif

EMBEDDED_AWS := --embedded-aws requirements/localaws.txt
VERB_REQUIREMENTS := requirements/$(if $(filter aws,$(value CLOUD)),deploy.txt,local.txt $(EMBEDDED_AWS))
INSTALL := $(PYTHON) -m scripts.verbs.install
VERB := .venv/bin/python -m
# What a verb is told of the cloud: with CLOUD=aws it refuses an endpoint that is not AWS's.
ON_CLOUD := $(if $(filter local,$(value CLOUD)),.venv/bin/python -m scripts.verbs.local run -- ,CLOUD=aws )$(VERB)
TEST_PYTHON := .venv-test/bin/python

# What a user may add to a verb: make deploy STAGE=prod RELEASE=... UNVERIFIED=1 PIPELINE=... OUTPUT=json
# By its name: a variable's value is taken as it was written, and no $(...) in it is make's to run.
quoted = '$(subst ','\'',$(value $(1)))'
# Without one: for verbs about a single stage, which then say which stages there are.
required_stage_option = --stage $(call quoted,STAGE)
stage_option = $(if $(value STAGE),--stage $(call quoted,STAGE))
output_option = $(if $(value OUTPUT),--output $(call quoted,OUTPUT))
release_option = $(if $(value RELEASE),--release $(call quoted,RELEASE))
unverified_option = $(if $(filter 1,$(value UNVERIFIED)),--unverified)
summary_option = $(if $(value SUMMARY),--summary $(call quoted,SUMMARY))
file_option = $(if $(value FILE),--file $(call quoted,FILE))
evidence_option = $(if $(value EVIDENCE),--evidence $(call quoted,EVIDENCE))
plan_digest_option = $(if $(value PLAN_DIGEST),--plan-digest $(call quoted,PLAN_DIGEST))
pipeline_option = $(if $(value PIPELINE),--pipeline $(call quoted,PIPELINE))
# Each of these variables is the option of its name.
new_options = $(call named_options,SAMPLE COLUMNS RECORD_ID TARGET PREDICTIONS GROUP SCHEDULE)
run_options = $(call named_options,PARAMETERS INPUT DATE)
register_options = $(call named_options,ARTIFACT CODE REQUIREMENTS FRAMEWORK FRAMEWORK_VERSION IMAGE METRICS \
  DESCRIPTION REASON) $(if $(filter 1,$(value APPROVE)),--approve) $(if $(filter 1,$(value PROBABILITY)),--probability) \
  $(if $(filter 1,$(value FORCE)),--force)
named_options = $(foreach name,$(1),$(if $(value $(name)),\
  --$(subst _,-,$(shell echo $(name) | tr A-Z a-z)) $(call quoted,$(name))))
more_options = $(pipeline_option) $(output_option) $(ARGS)
options = $(stage_option) $(more_options)
stage_options = $(required_stage_option) $(more_options)
# For the verbs that change a stage. Given and empty is told, not passed over: whoever breaks the glass says why.
changing_options = $(stage_options) $(if $(filter undefined,$(origin BREAK_GLASS)),,--break-glass $(call quoted,BREAK_GLASS))
reason_option = $(if $(value REASON),--reason $(call quoted,REASON))
schedule_options = $(changing_options) --state $(call quoted,STATE) $(reason_option)
step_option = $(if $(value STEP),--step $(call quoted,STEP))

export PYTHONUNBUFFERED := 1
# The verbs are modules of this folder, and run in the environment's own Python: neither is a shell's matter.
unexport PYTHONSAFEPATH PYTHONHOME
# What people write reaches a verb as its option alone: exported, make would run a $(shell ...) in it.
unexport STAGE RELEASE PIPELINE SUMMARY REASON STEP PARAMETERS INPUT DATE DESCRIPTION SAMPLE COLUMNS TARGET

.PHONY: help
help: ## Print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Variables: STAGE=preprod|prod  CLOUD=local|aws  RELEASE=<id>  UNVERIFIED=1  BREAK_GLASS=\"why\"  PIPELINE=<folder>  STEP=<step>  REASON=...  OUTPUT=json  ARGS=..."

.PHONY: install
install: ## Make .venv with what the verbs need (the SageMaker SDK is not among it)
	@$(INSTALL) --environment .venv --requirements $(VERB_REQUIREMENTS)

.PHONY: new
new: install ## Write pipelines/PIPELINE for a model of yours, from a sample of your data (SAMPLE=file.csv)
	@$(INSTALL) --environment .venv --requirements requirements/new.txt
	@$(VERB) scripts.verbs.new $(pipeline_option) $(new_options) $(output_option) $(ARGS)

.PHONY: remove-example
remove-example: install ## Delete the sample: its pipeline, examples/, and what stages/ says of it (PROJECT= renames)
	@$(VERB) scripts.verbs.remove_example $(if $(value PROJECT),--project $(call quoted,PROJECT)) $(output_option) $(ARGS)

.PHONY: resolve
resolve: install ## Show the model package that would be released: the newest Approved version
	@$(ON_CLOUD) scripts.verbs.resolve $(stage_option) $(output_option) $(ARGS)

.PHONY: register
register: install ## Package a model and register it in PIPELINE's group (ARTIFACT=model.tar.gz or a model file)
	@$(ON_CLOUD) scripts.verbs.register $(options) $(register_options)

.PHONY: release
release: install ## Pin model package, definition and templates in release.json
	@$(ON_CLOUD) scripts.verbs.release $(options) $(if $(filter true,$(value ASK_AGAIN)),--ask-again)

.PHONY: promote
promote: install ## Carry the release's model package into STAGE's account
	@$(ON_CLOUD) scripts.verbs.promote $(changing_options) $(release_option) $(plan_digest_option)

.PHONY: plan
plan: install ## Make and show STAGE's change set; execute nothing (EVIDENCE=file.html: write the approver's page)
	@$(ON_CLOUD) scripts.verbs.plan $(stage_options) $(release_option) $(unverified_option) $(file_option) $(evidence_option)

.PHONY: deploy
deploy: install ## Deploy a release to STAGE, run its batch inference, show predictions
	@$(ON_CLOUD) scripts.verbs.deploy $(changing_options) $(release_option) $(unverified_option)

.PHONY: run
run: install ## Start STAGE's pipeline and follow it (PARAMETERS="Name=value" INPUT=s3://... DATE=2026-01-31)
	@$(ON_CLOUD) scripts.verbs.run $(changing_options) $(run_options)

.PHONY: verify
verify: install ## Run STAGE's pipeline and check its output against the thresholds
	@$(ON_CLOUD) scripts.verbs.verify $(changing_options)

.PHONY: status
status: install ## Show what is live in every stage, and how its runs went
	@$(ON_CLOUD) scripts.verbs.status $(options)

.PHONY: drift
drift: install ## Compare what is live in STAGE with its release, property by property (exit code 23: it differs)
	@$(ON_CLOUD) scripts.verbs.drift $(stage_options)

.PHONY: history
history: install ## STAGE's releases, and what was done there, by whom and why (VERIFY=1 checks that none is changed)
	@$(ON_CLOUD) scripts.verbs.history $(stage_options) $(if $(filter 1,$(VERIFY)),--verify)

.PHONY: rollback
rollback: install ## Deploy an earlier RELEASE of STAGE again (default: the one that passed before), promoting nothing
	@$(ON_CLOUD) scripts.verbs.rollback $(changing_options) $(release_option) $(unverified_option) $(reason_option)

.PHONY: unlock
unlock: install ## Free STAGE from the lock of a command that has died: says whose it was (REASON="why")
	@$(ON_CLOUD) scripts.verbs.unlock $(changing_options) $(reason_option)

.PHONY: logs
logs: install ## The newest execution's logs, followed while it runs: STAGE's, or the CodePipeline's (STEP=one)
	@$(ON_CLOUD) scripts.verbs.logs $(options) $(step_option)

.PHONY: schedule
schedule: install ## Switch STAGE's schedule: make schedule STAGE=prod OFF (or ON) REASON="why"; deployments keep it so
	@$(ON_CLOUD) scripts.verbs.schedule $(schedule_options)

# What schedule takes as a word: make schedule STAGE=prod OFF
ifneq ($(filter schedule,$(MAKECMDGOALS)),)
ifeq ($(origin STATE),undefined)
STATE := $(filter ON OFF on off,$(MAKECMDGOALS))
endif
.PHONY: ON OFF on off
ON OFF on off:
	@:
endif

.PHONY: predictions
predictions: install ## Show the first rows of STAGE's newest predictions
	@$(ON_CLOUD) scripts.verbs.predictions $(stage_options)

.PHONY: destroy
destroy: install ## Delete STAGE's stack (asks first; keeps data)
	@$(ON_CLOUD) scripts.verbs.destroy $(changing_options)

.PHONY: doctor
doctor: install ## Check everything a deployment needs; change nothing
	@$(ON_CLOUD) scripts.verbs.doctor $(options)

.PHONY: bootstrap
bootstrap: install ## Deploy the foundation into every account, toolchain and CodePipelines into dev
	@$(ON_CLOUD) scripts.verbs.bootstrap $(output_option) $(ARGS)

.PHONY: codepipeline
codepipeline: install ## Start PIPELINE's CodePipeline and follow it up to its approval
	@$(ON_CLOUD) scripts.verbs.codepipeline $(more_options)

.PHONY: approve
approve: install ## Show the evidence, ask for a reason, approve, follow to the end
	@$(ON_CLOUD) scripts.verbs.approve $(more_options) $(summary_option)

.PHONY: reject
reject: install ## Show the evidence, ask for a reason, reject
	@$(ON_CLOUD) scripts.verbs.reject $(more_options) $(summary_option)

.PHONY: render
render: install ## Write the pipelines' definition.json where it is stale
	@$(VERB) scripts.verbs.render $(output_option) $(ARGS)

.PHONY: build-variable
build-variable:  # for the buildspecs: print NAME, which the last release, promote or plan recorded
	@$(VERB) scripts.verbs.build_variable --name $(call quoted,NAME) $(ARGS)

.PHONY: local-up
local-up: install ## Start the embedded AWS and prepare its accounts
	@$(VERB) scripts.verbs.local up $(ARGS)

.PHONY: local-down
local-down: install ## Stop the embedded AWS and keep its state
	@$(VERB) scripts.verbs.local down $(ARGS)

.PHONY: local-reset
local-reset: install ## Stop the embedded AWS and delete its state
	@$(VERB) scripts.verbs.local reset $(ARGS)

.PHONY: local-env
local-env: install ## Print export lines that point any AWS client at the embedded AWS (STAGE: that account; UNSET=1: the way back)
	@$(VERB) scripts.verbs.local $(output_option) env $(stage_option) $(if $(filter 1,$(value UNSET)),--unset) $(ARGS)

# A release's build checks the team's tree alone and needs a third of the packages; `make test` needs them all.
TEST_REQUIREMENTS := requirements/check.txt
test: TEST_REQUIREMENTS := requirements/test.txt $(EMBEDDED_AWS)

UNIT_TESTS := tests/unit $(wildcard pipelines/*/tests)
# Stories and files that need real processes, the longest first, as they are dealt out. They wait for those processes
# about a fifth of the time: three workers keep two cores busy.
FUNCTIONAL_TESTS := tests/functional/toolchain $(wildcard tests/functional/test_*.py) tests/functional/scripts \
  tests/functional/templates tests/browser $(wildcard examples/tests)

# One after the other: the units send every operation of AWS to moto, which is one for a whole process and would hold what
# the functional tests have left in it.
LOCALAWS_TESTS = cd localaws && for tier in tests/unit "tests/functional tests/security"; do \
  ../$(TEST_PYTHON) -m pytest -q -n 2 --dist loadfile $$tier || exit; done

.PHONY: install-test
install-test:
	@$(INSTALL) --environment .venv-test --requirements $(TEST_REQUIREMENTS)

.PHONY: lint
lint: install-test ## ruff and mypy --strict
	$(TEST_PYTHON) -m ruff check .
	$(TEST_PYTHON) -m ruff format --check .
	$(TEST_PYTHON) -m mypy scripts pipelines tests $(wildcard examples)

.PHONY: check
check: lint ## lint, cfn-lint, security rules, buildspecs, generated files, definitions, settings
	$(TEST_PYTHON) -m scripts.repository.check_templates
	$(TEST_PYTHON) -m scripts.repository.check_buildspecs
	$(TEST_PYTHON) -m scripts.repository.document_templates --check
	$(TEST_PYTHON) -m scripts.repository.document_exit_codes --check
	$(TEST_PYTHON) -m scripts.repository.document_aws_rules --check
	$(TEST_PYTHON) -m scripts.repository.write_schemas --check
	$(TEST_PYTHON) -m scripts.verbs.render --check
	$(TEST_PYTHON) -m scripts.repository.check_team_files
	$(TEST_PYTHON) -m scripts.repository.check_job_settings

.PHONY: test-unit
test-unit: install-test ## The unit tier and the pipelines' own tests: no I/O, seconds
	$(TEST_PYTHON) -m pytest -q $(UNIT_TESTS)

.PHONY: test
test: install-test ## Every tier that needs no AWS account, and those of examples/ and localaws/
	@# The checks of both houses, and the two tox tiers, use one core each: side by side.
	@$(MAKE) -j 2 TEST_REQUIREMENTS="$(TEST_REQUIREMENTS)" check $(if $(wildcard localaws),check-localaws)
	$(TEST_PYTHON) -m pytest -q $(UNIT_TESTS) tests/templates
	$(TEST_PYTHON) -m pytest -q -rs -n 3 --dist loadfile --no-loadscope-reorder $(FUNCTIONAL_TESTS)
	$(if $(wildcard localaws),$(LOCALAWS_TESTS))
	$(TEST_PYTHON) -m tox run-parallel -q -p 2 -e taskcat,render

.PHONY: check-localaws
check-localaws: install-test
	cd localaws && ../$(TEST_PYTHON) -m ruff check . && ../$(TEST_PYTHON) -m ruff format --check . && ../$(TEST_PYTHON) -m mypy

.PHONY: test-localaws
test-localaws: TEST_REQUIREMENTS := requirements/test.txt $(EMBEDDED_AWS)
test-localaws: check-localaws ## Check and test localaws alone
	$(LOCALAWS_TESTS)

.PHONY: prove
prove: TEST_REQUIREMENTS := requirements/test.txt $(EMBEDDED_AWS)
prove: install-test ## Kill verbs at each AWS call, refuse and lose each answer, then kill and soak localaws (hours; EVERY=, MINUTES=)
	$(TEST_PYTHON) -m tests.prove --page docs/reliability.md $(if $(value EVERY),--every $(call quoted,EVERY)) $(ARGS)
	$(if $(wildcard localaws),$(MAKE) -C localaws kills soak PYTHON=../$(TEST_PYTHON))

.PHONY: bench
bench: ## Time pairs of ways to do the same thing, side by side, and print their ratios
bench: TEST_REQUIREMENTS := requirements/test.txt $(EMBEDDED_AWS)
bench: install-test
	$(TEST_PYTHON) -m tests.bench.compare $(ARGS)
	$(if $(wildcard localaws),cd localaws && ../$(TEST_PYTHON) -m tests.bench.objects)
