/// Where a prompt came from, for who reads along.
package enum PromptOrigin: Sendable, Equatable {
  /// It was typed on the terminal that shows the text, and stands there just above: it is not shown again.
  case typed
  /// The hub.
  case hub
  /// A command line, a pipe, or a terminal where other text came between.
  case other
}
