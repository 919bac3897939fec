import DeploymentModel

extension ErrorExplanation {
    /// Cause, example and remedy of every code.
    static func texts(_ code: ErrorCode) -> (cause: String, example: String, remedy: String) {
        switch code {
        // What the user gave
        case .inputs:
            (
                "The inputs are no JSON, no object, or don't fit the spec's schema; the ref is none; an attachment is "
                    + "missing, unused, or for a run on Modal; or it is more than fits a message.",
                "pinion run --ref text/stats@1 --mode mock --inputs-json '{\"params\": 1}'",
                "Each violation is told with its JSON pointer: mend what it points at. "
                    + "The schema is 'inputs' of the spec; without --inputs-json, the inputs of its smoke test are used."
            )
        case .modeInvalid:
            (
                "A run has no mode, or one that is neither mock nor real; the mode is never guessed.",
                "pinion run --ref text/stats@1",
                "Give --mode mock for a run without secrets and network, --mode real for one with them."
            )
        case .ciSafety:
            (
                "A run in mode real where CI is set, or in the lane pr.",
                "CI=true pinion run --ref llm/litellm@1 --mode real",
                "Use --mode mock. A lane that has to run in mode real says 'allow_real: true' in its file."
            )
        case .missingSecret:
            (
                "Required secrets have no value (all of them are named), 'secret.present@1' does not hold, or an endpoint "
                    + "on Modal asks for proxy keys and gets none, or wrong ones.",
                "pinion run --ref llm/litellm@1 --mode real     # without OPENAI_API_KEY",
                "Set the variables and run again; for Modal: pinion sync_secrets --all --env NAME. "
                    + "The keys of endpoints are MODAL_PROXY_KEY and MODAL_PROXY_SECRET."
            )
        case .imageUnpinned:
            (
                "There is no digest for the platform: a placeholder, a tag, or nothing; or 'image.pinned@1' does not hold.",
                "amd64: ghcr.io/acme/llm-litellm:latest",
                "Build and pin it: pinion reconcile, or pinion build, push and pin. "
                    + "In a lane without 'pin', add the step or pin it before."
            )
        case .imagePlatform:
            (
                "An image is for another platform than its slot says, inside as well as in its manifest; or a tracked tag "
                    + "has none for the platform.",
                "arm64: ghcr.io/acme/stats@sha256:…     # programs for amd64 inside",
                "Build for that platform: pinion build REF --platform arm64. In a Dockerfile, take TARGETARCH into account "
                    + "where programs are downloaded."
            )
        case .functionNotFound:
            (
                "A ref, tool or environment that the registry does not have; a tool that can't be run here; an app that is "
                    + "not, or no longer, deployed on Modal.",
                "pinion run --ref text/stat@1 --mode mock",
                "See what there is: pinion validate, pinion status --env NAME. A spec with errors counts as missing. "
                    + "Deploy what is not deployed: pinion reconcile --env NAME."
            )
        case .budget:
            (
                "'budget.available@1' asks for more than the policy of the registry allows.",
                "{id: budget.available@1, args: {required_usd_micro: 5000000}}",
                "Ask for less in the spec's predicates, or raise 'budget.max_usd_micro' in registry/policies."
            )
        case .nameCollision:
            (
                "Two refs have the same function, app or image repository, or two environments name their apps alike.",
                "a/b-c@1 and a/b_c@1     # both exec__a_b_c__v1",
                "Both files are named: rename one of the two. For environments, give one another modal_environment."
            )
        case .versionMutated:
            (
                "A version that is deployed to staging or main has other api, inputs, outputs or predicates than then, or "
                    + "one more required secret.",
                "inputs: {required: [text, language]}     # 'language' is new in text/stats@1",
                "Take the change back, or publish it as the next version beside this one: text/stats@2."
            )
        case .yaml:
            (
                "A file is no YAML, or has a key twice.",
                "ref: text/stats@1\nref: text/stats@2",
                "Line and column are named. Indent by spaces, quote texts with ': ' or '#' in them."
            )
        case .yamlBudget:
            (
                "A file of the registry is larger, deeper, or expands by its aliases to more than is read.",
                "a file of several megabytes, or aliases of aliases of aliases",
                "Make it smaller, or write out what the aliases stand for. Data belong beside the spec, not into it."
            )
        case .spec:
            (
                "A spec, a lane, pipelines/environments.yaml or a saved plan says what can't be; or an option does not go "
                    + "with the environment.",
                "api: {protocol: grpc}",
                "Place and remedy are named; pinion validate tells all findings at once. Editors complete and check with "
                    + "the JSON Schema: pinion registry schema."
            )
        case .prefixTemplate:
            (
                "A write prefix without its '/' at the end, with another brace than {execution_id}, or below "
                    + "/artifacts/execution/ or /artifacts/inputs/.",
                "--write-prefix /artifacts/outputs/{run}",
                "Write it as /artifacts/…/{execution_id}/."
            )
        case .badFacet:
            (
                "A world path that is not below /artifacts/ or /streams/.",
                "--write-prefix /tmp/out/",
                "Begin it with /artifacts/ or /streams/."
            )
        case .dotSegments:
            (
                "A world path with '.' or '..' as a segment, escaped too.",
                "/artifacts/a/../b", "Write the path without them."
            )
        case .decodedSlash:
            (
                "A world path with an escaped '/'.",
                "/artifacts/a%2Fb", "Write the '/', or another character, in its place."
            )
        case .forbiddenSegment:
            (
                "A world path with NUL, a backslash, '.git' or '.well-known'.",
                "/artifacts/.git/config", "Name it otherwise."
            )
        case .percentDecode:
            (
                "A world path with a '%' that escapes nothing, or one that is left after decoding once.",
                "/artifacts/100%", "Escape it: %25, once."
            )
        case .segmentTooLong:
            (
                "A segment of a world path over 255 bytes.",
                "/artifacts/<300 letters>", "Shorten the name."
            )
        case .pathTooLong:
            (
                "A world path over 1,024 bytes.",
                "/artifacts/<many long folders>/x", "Shorten the write prefix or the names below it."
            )

        // What processors do
        case .imageBuild:
            (
                "A build fails; or --build is given and there is no local build.",
                "RUN pip install fastapy",
                "The end of the builder's output is shown; -v shows all of it. Try it alone: pinion build REF. "
                    + "What the build sees: pinion context REF | tar -t."
            )
        case .health:
            (
                "The container ended, or GET /healthz did not answer 200 in time.",
                "a server that imports a module that its image does not have",
                "Its last log lines are shown. Try it alone: pinion localctl start --ref REF, then pinion localctl logs "
                    + "--ref REF. A slow start: 'smoke: {startup_s: 60}' in the spec."
            )
        case .timeout:
            (
                "The run was not done in its time.",
                "pinion run --ref llm/litellm@1 --mode mock --timeout 1s --inputs-json "
                    + "'{\"schema\":\"v1\",\"params\":{\"prompt\":\"Why?\",\"token_delay_ms\":1000}}'",
                "Give it more: --timeout 5m for one run, runtime.timeout_s in the spec for all."
            )
        case .badResponse:
            (
                "The processor answers with no JSON, no envelope, one that is too large or another run's, or one whose "
                    + "paths or index are not the run's.",
                "POST /run → 200 text/html",
                "The rule that is broken is named. See all of them tested: pinion conformance REF --build."
            )
        case .outputDuplicate:
            (
                "Two outputs of a run have one path, once both are written canonically.",
                "/artifacts/x/a.txt and /artifacts/x/%61.txt", "Name one of them otherwise, in the processor."
            )
        case .outputMismatch:
            (
                "cid, size or index of an output are not those of its bytes, or a declared output is missing.",
                "{\"path\": …, \"cid\": \"b3:00…\", \"size_bytes\": 0}",
                "Hash and measure what is written, after it is written; write all that 'outputs' declares."
            )
        case .registryMismatch:
            (
                "Another digest runs than was meant: claimed by the processor, seen by the engine, or deployed on Modal; "
                    + "or nothing binds the image there to its digest.",
                "modal deploy by hand, then pinion run --adapter modal",
                "See what differs: pinion drift --env NAME. Deploy what is pinned: pinion reconcile --env NAME."
            )
        case .predicate:
            (
                "A success predicate does not hold or can't be evaluated; or a gate refuses a promotion: evidence, drift, "
                    + "approval, hold.",
                "pinion promote --from staging --to main     # without evidence",
                "What is missing is named. Evidence: pinion verify --env NAME. Approval: pinion approve REF --env NAME. "
                    + "Why something runs or does not: pinion why REF --env NAME."
            )

        // What is between and around
        case .wsTimeout:
            (
                "No WebSocket upgrade in time, or a ping without its pong for 10 seconds.",
                "a server that computes in the loop that reads its connection",
                "Answer pings while the run goes on: work in a thread or a task of its own."
            )
        case .wsProtocol:
            (
                "The server did not select the subprotocol theory.run.v1, or sent a bad frame, a wrong first message or "
                    + "another execution's.",
                "HTTP/1.1 101 without Sec-WebSocket-Protocol",
                "See which rule is broken: pinion conformance REF. A processor that speaks HTTP says 'api: {protocol: http}'."
            )
        case .wsClose:
            (
                "The connection was closed before the result.",
                "a server that crashes during the run",
                "Code and reason are named. See its log: pinion localctl logs --ref REF, or pinion modalctl logs."
            )
        case .docker:
            (
                "No Docker engine answers, or it refuses.",
                "DOCKER_HOST=unix:///nowhere pinion plan",
                "Start the engine, or name it: DOCKER_HOST or DOCKER_CONTEXT. On a socket that refuses, be of its group."
            )
        case .network:
            (
                "A connection could not be made, or broke, or a certificate is not trusted.",
                "pinion plan --repo https://git.example.com/acme/registry.git     # without a network",
                "Look at address, network and proxy (https_proxy, no_proxy); SSL_CERT_FILE names certificates. "
                    + "Then run again: what is done is not done twice."
            )
        case .modal:
            (
                "Modal or its SDK refuses, is not there, or tells no address.",
                "MODAL_TOKEN_ID unset and no ~/.modal.toml",
                "Look at Python, SDK, token and environment: pinion doctor --env NAME."
            )
        case .git:
            (
                "No repository, no such branch or commit, a refused push, or a tree with names that no file may have.",
                "pinion plan --branch maim",
                "Name the repository with --repo and the branch with --branch; in CI, fetch enough history (fetch-depth: 0). "
                    + "A pin that was superseded is made anew by the next run."
            )
        case .lease:
            (
                "Another run works on these processors, or writes at, above or below the prefix.",
                "pinion reconcile --env staging     # twice at once",
                "Wait for it: pinion lease list --env NAME says until when, and the lease ends by itself. Of a run that is "
                    + "gone: pinion lease release --env NAME --run ID."
            )
        case .imagePull:
            (
                "The OCI registry does not have the digest, or refuses it.",
                "amd64: ghcr.io/acme/stats@sha256:…     # removed by a clean-up job",
                "Log in: docker login HOST. See what is gone: pinion verify-pins; give clean-up jobs its --keep-list. "
                    + "Build it again: pinion reconcile."
            )
        case .imagePush:
            (
                "The OCI registry refuses what was built, or there is no build of these inputs to push.",
                "pinion push text/stats@1     # without pinion build before",
                "Log in with the right to write: docker login HOST. Build first: pinion build REF. By plain HTTP only with "
                    + "--insecure-registry HOST:PORT."
            )
        case .sandbox:
            (
                "There is no sandbox for a tool, a run on Modal is to be cut off, or this host's disk refuses.",
                "XDG_DATA_HOME=/dev/null pinion run text/stats@1 --mode mock     # outputs have nowhere to go",
                "Install bubblewrap; --no-sandbox runs a tool without, with all that this user may. Look whether the disk "
                    + "is full."
            )
        }
    }
}
