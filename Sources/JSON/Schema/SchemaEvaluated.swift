/// Which members or items of one value schemas have looked at: what `unevaluatedProperties` and `unevaluatedItems` leave
/// alone.
struct SchemaEvaluated {
    private var hasAllMembers = false
    private var members: Set<String> = []
    private var hasAllItems = false
    private var firstItems = 0
    private var items: Set<Int> = []

    mutating func insertMember(_ name: String) { members.insert(name) }
    mutating func insertAllMembers() { hasAllMembers = true }
    mutating func insertItem(_ index: Int) { items.insert(index) }
    mutating func insertItems(upTo count: Int) { firstItems = max(firstItems, count) }
    mutating func insertAllItems() { hasAllItems = true }

    func containsMember(_ name: String) -> Bool { hasAllMembers || members.contains(name) }
    func containsItem(_ index: Int) -> Bool { hasAllItems || index < firstItems || items.contains(index) }

    mutating func formUnion(_ other: SchemaEvaluated) {
        hasAllMembers = hasAllMembers || other.hasAllMembers
        members.formUnion(other.members)
        hasAllItems = hasAllItems || other.hasAllItems
        firstItems = max(firstItems, other.firstItems)
        items.formUnion(other.items)
    }
}
