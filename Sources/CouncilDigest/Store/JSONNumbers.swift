/// Numbers as JSON: so a statement takes any count of them, through `json_each`.
enum JSONNumbers {
  static func array(_ numbers: some Sequence<Int64>) -> String {
    "[\(numbers.map { String($0) }.joined(separator: ","))]"
  }

  /// By keys that are numbers, too. A key may stand there twice, and both reach the statement, which must cast it: keys
  /// are text.
  static func object(_ members: some Sequence<(key: Int64, value: Int64)>) -> String {
    "{\(members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ","))}"
  }
}
