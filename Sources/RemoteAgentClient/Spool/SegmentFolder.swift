/// The folder of one session's segments: of the disk, or of a simulated one.
package protocol SegmentFolder: AnyObject {
  /// As messages name it.
  var path: String { get }
  /// The names of its files, sorted.
  func names() throws(SpoolError) -> [String]
  /// A file's bytes; nil if it can't be told.
  func size(of name: String) -> Int64?
  func open(_ name: String, for use: SegmentUse) throws(SpoolError) -> any SegmentFile
  /// Deletes a file; if that fails it only stays longer.
  func remove(_ name: String)
  /// What was created and deleted is on the disk when this returns.
  func flush()
  /// Deletes the folder with all that is in it, and the one above it if it is empty by that.
  func removeAll()
}

package enum SegmentUse: Sendable {
  case reading, writing
  /// A new file; one of that name is emptied.
  case creating
}

/// An open file of a `SegmentFolder`; it is closed with the last reference to it.
package protocol SegmentFile: AnyObject {
  /// Reads at most `count` bytes at `offset`; fewer only at the end of the file.
  func read(at offset: Int64, count: Int) throws(SpoolError) -> [UInt8]
  /// Writes all of it at `offset`, the end of the file, or none.
  func write(_ bytes: [UInt8], at offset: Int64) throws(SpoolError)
  /// Writes over what stands at `offset`; false if not all of it could be written.
  func overwrite(_ bytes: [UInt8], at offset: Int64) -> Bool
  func cut(to size: Int64) throws(SpoolError)
  /// What was written is on the disk when this returns.
  func flush() throws(SpoolError)
}
