package import DeploymentModel

/// Everything that applying a plan acts through.
package struct Services: Sendable {
    package let builder: any ImageBuilder
    package let registry: any ImageRegistry
    package let engine: any ContainerEngine
    package let localImages: any LocalImageStore
    package let contexts: any ContextSource
    package let store: any StateStore
    package let pins: any PinWriter
    package let smoke: any SmokeTester
    /// `nil` where the target is Docker.
    package let functions: (any FunctionPlatform)?
    /// Whose the containers are that are started.
    package let owner: ContainerOwner?

    package init(
        builder: any ImageBuilder, registry: any ImageRegistry, engine: any ContainerEngine,
        localImages: any LocalImageStore, contexts: any ContextSource, store: any StateStore, pins: any PinWriter,
        smoke: any SmokeTester, functions: (any FunctionPlatform)? = nil, owner: ContainerOwner? = nil
    ) {
        self.owner = owner
        self.builder = builder
        self.registry = registry
        self.engine = engine
        self.localImages = localImages
        self.contexts = contexts
        self.store = store
        self.pins = pins
        self.smoke = smoke
        self.functions = functions
    }
}
