"""Apps, their versions and their functions."""

import hashlib

from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict, ParseDict
from grpclib import GRPCError, Status
from modal_proto import api_pb2 as api

from .names import check_deployment_tag, check_name, check_tags, missing, refuse

DEPLOYED, STOPPED = api.APP_STATE_DEPLOYED, api.APP_STATE_STOPPED
USER = "stand-in"


class Apps:
    """The RPCs of apps. What a deploy makes before AppPublish is kept apart from what is live."""

    def app(self, app_id: str) -> dict:
        if app_id not in self.state["apps"]:
            raise missing(f"No app with id {app_id!r}")
        return self.state["apps"][app_id]

    def app_named(self, name: str, environment: str, states: tuple = (DEPLOYED,)) -> tuple[str, dict] | None:
        found = [
            (app_id, app)
            for app_id, app in self.state["apps"].items()
            if app["name"] == name and app["environment"] == environment and app["state"] in states
        ]
        return found[-1] if found else None

    def lifecycle(self, app: dict) -> api.AppLifecycle:
        live = app["versions"][-1] if app["versions"] else None
        return api.AppLifecycle(
            app_state=app["state"],
            created_at=app["created_at"],
            created_by=USER,
            deployed_at=live["deployed_at"] if live else 0,
            deployed_by=USER if live else "",
            version=live["version"] if live else 0,
            stopped_at=app["stopped_at"],
            stopped_by=USER if app["stopped_at"] else "",
        )

    def live_functions(self, app: dict) -> dict[str, list[str]]:
        """Of each function its id and the id of its live definition."""
        return app["versions"][-1]["functions"] if app["versions"] else {}

    def handle(self, app_id: str, app: dict) -> api.AppHandleMetadata:
        return api.AppHandleMetadata(
            description=app["name"],
            app_id=app_id,
            environment_name=app["environment"],
            lifecycle=self.lifecycle(app),
            functions={name: ids[0] for name, ids in self.live_functions(app).items()},
        )

    def new_app(self, name: str, environment: str, state: int, tags: dict[str, str]) -> str:
        check_name(name, "App")
        check_tags(tags)
        app_id = self.state.new_id("ap")
        self.state["apps"][app_id] = {
            "name": name,
            "environment": environment,
            "state": state,
            "tags": tags,
            "created_at": self.state.now(),
            "stopped_at": 0,
            "versions": [],
        }
        self.state.changed()
        return app_id

    async def AppGetByDeploymentName(self, request):
        environment = self.environment(request.environment_name)
        answer = api.AppGetByDeploymentNameResponse(environment_name=environment)
        if found := self.app_named(request.name, environment):
            answer.app_id = found[0]
        elif found := self.app_named(request.name, environment, (STOPPED,)):
            answer.previous_app_id = found[0]
        if found:
            answer.lifecycle.CopyFrom(self.lifecycle(found[1]))
        return answer

    async def AppCreate(self, request):
        environment = self.environment(request.environment_name)
        app_id = self.new_app(request.description, environment, request.app_state, dict(request.tags))
        page = f"http://standin.invalid/apps/{app_id}"
        return api.AppCreateResponse(app_id=app_id, app_page_url=page, app_logs_url=page)

    async def AppGetOrCreate(self, request):
        environment = self.environment(request.environment_name)
        found = self.app_named(request.app_name, environment)
        if not found and request.object_creation_type == api.OBJECT_CREATION_TYPE_CREATE_IF_MISSING:
            app_id = self.new_app(request.app_name, environment, DEPLOYED, {})
        elif found:
            app_id = found[0]
        else:
            raise missing(f"App {request.app_name!r} not found in environment {environment!r}")
        return api.AppGetOrCreateResponse(app_id=app_id, handle_metadata=self.handle(app_id, self.app(app_id)))

    async def AppGetLayout(self, request):
        functions = self.live_functions(self.app(request.app_id))
        layout = api.AppLayout(function_ids={name: ids[0] for name, ids in functions.items()})
        for function_id, definition_id in functions.values():
            handle = self.function_handle(function_id, definition_id)
            layout.objects.append(api.Object(object_id=function_id, function_handle_metadata=handle))
        return api.AppGetLayoutResponse(app_layout=layout)

    async def AppHeartbeat(self, request):
        self.app(request.app_id)
        return Empty()

    async def AppClientDisconnect(self, request):
        """Ends an app that never came to be deployed, and leaves a deployed one alone, as Modal does."""
        if self.app(request.app_id)["state"] == api.APP_STATE_INITIALIZING:
            del self.state["apps"][request.app_id]
            self.state.changed()
        return Empty()

    async def AppPublish(self, request):
        app = self.app(request.app_id)
        check_name(request.name, "App")
        check_tags(dict(request.tags))
        check_deployment_tag(request.deployment_tag)
        functions = {}
        for name, function_id in request.function_ids.items():
            definition = self.state["functions"].get(function_id, {}).get("pending")
            if not definition:
                raise refuse(f"Function {name!r} was not created")
            functions[name] = [function_id, definition]
            # A deploy takes back what was set by hand.
            self.state["functions"][function_id].pop("by_hand", None)
        url = f"http://standin.invalid/apps/{request.app_id}"
        same = app["versions"] and app["versions"][-1]["functions"] == functions and app["tags"] == dict(request.tags)
        if same and app["state"] == DEPLOYED:
            return api.AppPublishResponse(url=url)
        replaced = self.app_named(request.name, app["environment"])
        if replaced and replaced[0] != request.app_id:
            self.stop(replaced[1])
        app |= {"name": request.name, "state": DEPLOYED, "tags": dict(request.tags)}
        version = self.add_version(app, functions, request.deployment_tag)
        version["commit"] = request.commit_info.commit_hash
        return api.AppPublishResponse(url=url, deployed_at=version["deployed_at"])

    def add_version(self, app: dict, functions: dict, tag: str = "", rollback: int = 0) -> dict:
        number = app["versions"][-1]["version"] + 1 if app["versions"] else 1
        version = {
            "version": number,
            "deployed_at": self.state.now(),
            "functions": functions,
            "tag": tag,
            "rollback": rollback,
        }
        app["versions"].append(version)
        self.state.changed()
        return version

    def stop(self, app: dict) -> None:
        app |= {"state": STOPPED, "stopped_at": self.state.now()}
        self.state.changed()

    async def AppList(self, request):
        environment = self.environment(request.environment_name)
        return api.AppListResponse(
            apps=[
                api.AppListResponse.AppListItem(
                    app_id=app_id,
                    name=app["name"],
                    description=app["name"],
                    state=app["state"],
                    created_at=app["created_at"],
                    stopped_at=app["stopped_at"],
                    metadata=self.handle(app_id, app),
                )
                for app_id, app in self.state["apps"].items()
                if app["environment"] == environment
            ]
        )

    async def AppGetInfo(self, request):
        return api.AppGetInfoResponse(info=self.handle(request.app_id, self.app(request.app_id)))

    async def AppGetLifecycle(self, request):
        return api.AppGetLifecycleResponse(lifecycle=self.lifecycle(self.app(request.app_id)))

    async def AppGetTags(self, request):
        return api.AppGetTagsResponse(tags=self.app(request.app_id)["tags"])

    async def AppSetTags(self, request):
        check_tags(dict(request.tags))
        self.app(request.app_id)["tags"] = dict(request.tags)
        self.state.changed()
        return Empty()

    async def AppStop(self, request):
        self.stop(self.app(request.app_id))
        return Empty()

    async def AppDeploymentHistory(self, request):
        app = self.app(request.app_id)
        histories = [
            api.AppDeploymentHistory(
                app_id=request.app_id,
                version=version["version"],
                deployed_at=version["deployed_at"],
                deployed_by=USER,
                client_version="1.6.4",
                tag=version["tag"],
                rollback_version=version["rollback"],
                rollback_allowed=True,
            )
            for version in reversed(app["versions"])
        ]
        return api.AppDeploymentHistoryResponse(app_deployment_histories=histories)

    async def AppRollback(self, request):
        """An older version's functions, as a new version. Tags stay: whether Modal reverts them is not known."""
        app = self.app(request.app_id)
        wanted = request.version if request.version > 0 else len(app["versions"]) - 1
        older = [version for version in app["versions"] if version["version"] == wanted]
        if not older:
            raise missing(f"App {app['name']!r} has no version {wanted} to go back to")
        version = self.add_version(app, older[0]["functions"], older[0]["tag"], rollback=wanted)
        return api.AppRollbackResponse(deployed_at=version["deployed_at"])

    async def AppRollover(self, request):
        app = self.app(request.app_id)
        if not app["versions"]:
            raise GRPCError(Status.FAILED_PRECONDITION, "nothing is deployed")
        version = self.add_version(app, self.live_functions(app), app["versions"][-1]["tag"])
        return api.AppRolloverResponse(deployed_at=version["deployed_at"])

    async def TaskList(self, request):
        return api.TaskListResponse()

    # Functions

    async def FunctionPrecreate(self, request):
        self.app(request.app_id)
        check_name(request.function_name, "Function")
        function_id = request.existing_function_id or self.state.new_id("fu")
        known = self.state["functions"].setdefault(function_id, {"pending": ""})
        known |= {"app": request.app_id, "name": request.function_name}
        self.state.changed()
        handle = api.FunctionHandleMetadata(
            function_name=request.function_name,
            function_type=request.function_type,
            web_url=await self.endpoints.url(function_id) if request.HasField("webhook_config") else "",
            app_id=request.app_id,
        )
        return api.FunctionPrecreateResponse(function_id=function_id, handle_metadata=handle)

    async def FunctionCreate(self, request):
        function_id = request.existing_function_id
        if function_id not in self.state["functions"]:
            raise missing(f"No function with id {function_id!r}")
        function = request.function
        for secret_id in function.secret_ids:
            self.secret(secret_id)
        self.image(function.image_id)
        has_endpoint = function.webhook_config.type != api.WEBHOOK_TYPE_UNSPECIFIED
        function.web_url = await self.endpoints.url(function_id) if has_endpoint else ""
        content = MessageToDict(function, preserving_proto_field_name=True)
        content["mount_ids"] = sorted(content.get("mount_ids", []))
        definition_id = "de-" + hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()[:22]
        self.state["definitions"][definition_id] = content
        self.state["functions"][function_id]["pending"] = definition_id
        self.state.changed()
        return api.FunctionCreateResponse(
            function_id=function_id,
            function=function,
            handle_metadata=self.function_handle(function_id, definition_id),
            function_data=self.function_data(definition_id),
        )

    async def ClassCreate(self, request):
        """A class is its one function of all methods; what else Modal keeps of it, nothing here asks for."""
        self.app(request.app_id)
        return api.ClassCreateResponse(class_id=self.state.new_id("cs"))

    def definition(self, definition_id: str) -> api.Function:
        """A definition never changes: its id is its content."""
        if definition_id not in self.parsed:
            self.parsed[definition_id] = ParseDict(self.state["definitions"][definition_id], api.Function())
        return self.parsed[definition_id]

    def function_handle(self, function_id: str, definition_id: str) -> api.FunctionHandleMetadata:
        function = self.definition(definition_id)
        return api.FunctionHandleMetadata(
            function_name=function.function_name,
            function_type=function.function_type,
            web_url=function.web_url,
            definition_id=definition_id,
            app_id=self.state["functions"][function_id]["app"],
            supported_input_formats=function.supported_input_formats,
            supported_output_formats=function.supported_output_formats,
        )

    def function_data(self, definition_id: str) -> api.FunctionData:
        function = self.definition(definition_id)
        return api.FunctionData(
            module_name=function.module_name,
            function_name=function.function_name,
            function_type=function.function_type,
            timeout_secs=function.timeout_secs,
            startup_timeout_secs=function.startup_timeout_secs,
            web_url=function.web_url,
            webhook_config=function.webhook_config,
            autoscaler_settings=function.autoscaler_settings,
            ranked_functions=[api.FunctionData.RankedFunction(rank=0, function=function)],
        )

    async def FunctionGet(self, request):
        environment = self.environment(request.environment_name)
        found = self.app_named(request.app_name, environment)
        if not found:
            raise missing(f"App {request.app_name!r} not found in environment {environment!r}")
        functions = self.live_functions(found[1])
        if request.object_tag not in functions:
            raise missing(f"App {request.app_name!r} has no function {request.object_tag!r}")
        function_id, definition_id = functions[request.object_tag]
        return api.FunctionGetResponse(
            function_id=function_id,
            handle_metadata=self.function_handle(function_id, definition_id),
            function=self.function_data(definition_id),
        )

    def live_definition(self, function_id: str) -> str | None:
        """The definition of a function that answers now, or nothing when its app is stopped or was never published."""
        app = self.state["apps"].get(self.state["functions"].get(function_id, {}).get("app", ""))
        if app is None or app["state"] != DEPLOYED:
            return None
        return dict(self.live_functions(app).values()).get(function_id)

    async def FunctionGetById(self, request):
        definition_id = self.live_definition(request.function_id)
        if definition_id is None:
            raise missing(f"No function with id {request.function_id!r}")
        return api.FunctionGetByIdResponse(
            function=self.function_data(definition_id),
            handle_metadata=self.function_handle(request.function_id, definition_id),
        )

    def scheduling(self, function_id: str) -> api.AutoscalerSettings:
        """The settings of the live definition under what was set by hand since it was published."""
        definition_id = self.live_definition(function_id)
        if definition_id is None:
            raise missing(f"No function with id {function_id!r}")
        settings = api.AutoscalerSettings()
        settings.CopyFrom(self.definition(definition_id).autoscaler_settings)
        return ParseDict(self.state["functions"][function_id].get("by_hand", {}), settings)

    async def FunctionGetSchedulingParams(self, request):
        configuration = api.AutoscalerConfiguration(settings=self.scheduling(request.function_id))
        return api.FunctionGetSchedulingParamsResponse(autoscaler_configuration=configuration)

    async def FunctionUpdateSchedulingParams(self, request):
        self.scheduling(request.function_id)
        changed = MessageToDict(request.settings, preserving_proto_field_name=True)
        self.state["functions"][request.function_id].setdefault("by_hand", {}).update(changed)
        self.state.changed()
        return api.FunctionUpdateSchedulingParamsResponse(current_settings=self.scheduling(request.function_id))

    # Logs

    async def AppFetchLogs(self, request):
        """The last lines of the containers that run now: those of older ones went with them."""
        app = self.app(request.app_id)
        since, until = (stamp.seconds + stamp.nanos / 1e9 for stamp in (request.since, request.until))
        answer = api.AppFetchLogsResponse()
        for function_id, _ in self.live_functions(app).values():
            items = [
                api.TaskLogs(data=text, timestamp=time, file_descriptor=descriptor)
                for time, descriptor, text in await self.endpoints.logs(function_id)
                if since <= time <= until and request.source in (api.FILE_DESCRIPTOR_UNSPECIFIED, descriptor)
            ]
            answer.batches.append(api.TaskLogsBatch(function_id=function_id, items=items[-request.limit :]))
        return answer
