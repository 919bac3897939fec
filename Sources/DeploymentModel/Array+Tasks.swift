extension Array where Element: Sendable {
    /// What a closure makes of each element, in order. So many tasks share the work, each some elements at a time: a task for
    /// each element would cost as much as the work, and so would tasks for few of them.
    package func mapped<Value: Sendable>(
        tasks width: Int = 2, _ body: @escaping @Sendable (Element) async -> Value
    ) async -> [Value] {
        let size = 32
        guard count > size else {
            var values: [Value] = []
            for element in self { values.append(await body(element)) }
            return values
        }
        return await withTaskGroup(of: (Int, [Value]).self) { group in
            var starts = stride(from: 0, to: count, by: size).makeIterator()
            func addTask() {
                guard let start = starts.next() else { return }
                let chunk = self[start..<Swift.min(start + size, count)]
                group.addTask { @concurrent in
                    var values: [Value] = []
                    for element in chunk { values.append(await body(element)) }
                    return (start, values)
                }
            }
            for _ in 0..<width { addTask() }
            var chunks: [(Int, [Value])] = []
            for await chunk in group {
                chunks.append(chunk)
                addTask()
            }
            return chunks.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }
}
