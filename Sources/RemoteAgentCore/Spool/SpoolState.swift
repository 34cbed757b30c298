/// What a session's spool says beside its lines: made from its records by `apply`, and written whole at the head of each
/// segment, so that only the newest segment has to be read to know it.
package struct SpoolState: Sendable, Equatable {
  /// The numbers of the lines from `position` on: `number`, and so on.
  package struct Numbering: Sendable, Equatable {
    package var position: Int64
    package var number: Int64

    package init(position: Int64, number: Int64) {
      self.position = position
      self.number = number
    }
  }

  /// Lines that are lost on this side, before they were sent as far as is known.
  package struct Loss: Sendable, Equatable {
    package var from: Int64
    package var through: Int64
    /// Bytes of payload; 0 if unknown.
    package var bytes: Int64
    package var reason: GapReason

    package init(from: Int64, through: Int64, bytes: Int64, reason: GapReason) {
      self.from = from
      self.through = through
      self.bytes = bytes
      self.reason = reason
    }
  }

  /// The regular file that the input is read from.
  package struct Input: Sendable, Equatable {
    package var device: UInt64
    package var inode: UInt64
    /// Where in the file the session's first byte would stand: the file's offset less `inputBytes`.
    package var origin: Int64

    package init(device: UInt64, inode: UInt64, origin: Int64) {
      self.device = device
      self.inode = inode
      self.origin = origin
    }
  }

  /// The position of the next line.
  package var position: Int64 = 0
  /// Bytes of input that the lines were made of, and lines that have ended.
  package var inputBytes: Int64 = 0
  package var inputLines: Int64 = 0
  /// Whether the input goes on within a line.
  package var isWithinLine = false
  package var numbering: Numbering?
  /// Lines from here on have no number yet.
  package var unnumberedFrom: Int64?
  /// Lines before it are acknowledged or lost.
  package var released: Int64 = 0
  /// Controls up to it were written to standard output.
  package var writtenControl: Int64 = 0
  package var loss: Loss?
  package var input: Input?
  /// The session is complete: no line follows.
  package var isEnded = false

  package init() {}

  /// The number of the line at `released`, and the next to be given after those that have one; nil if none was ever given.
  package var numbers: (first: Int64, next: Int64)? {
    numbering.map { numbering in
      (
        numbering.number + released - numbering.position,
        numbering.number + (unnumberedFrom ?? position) - numbering.position
      )
    }
  }

  /// Where the input's file goes on.
  package var inputOffset: Int64? { input.map { $0.origin + inputBytes } }

  package mutating func apply(_ record: SpoolRecord) {
    switch record {
    case .checkpoint(let state): self = state
    case .line(let line):
      position += 1
      inputBytes += Int64(line.inputBytes)
      if line.endsLine { inputLines += 1 }
      isWithinLine = line.inputBytes > 0 && !line.endsLine
      if line.isEnd { isEnded = true }
    case .began(let file):
      if unnumberedFrom == nil { unnumberedFrom = position }
      input = file.map { Input(device: $0.device, inode: $0.inode, origin: $0.offset - inputBytes) }
    case .numbered(let at, let number):
      if let numbering, numbering.number + at - numbering.position != number { released = max(released, at) }
      numbering = Numbering(position: at, number: number)
      unnumberedFrom = nil
    case .released(let through): released = max(released, through)
    case .controlWritten(let number): writtenControl = max(writtenControl, number)
    case .lost(let loss):
      self.loss = loss
      released = max(released, loss.through)
    }
  }
}

/// A line of the session as it stands in the spool.
package struct SpooledLine: Sendable, Equatable {
  package var line: InputLine
  /// The session's last: its `end`.
  package var isEnd: Bool

  package init(_ line: InputLine, isEnd: Bool = false) {
    self.line = line
    self.isEnd = isEnd
  }

  package var inputBytes: Int { line.inputBytes }
  package var endsLine: Bool { line.endsLine }
}

/// A regular file and where in it the reading begins.
package struct SpoolInputFile: Sendable, Equatable {
  package var device: UInt64
  package var inode: UInt64
  package var offset: Int64

  package init(device: UInt64, inode: UInt64, offset: Int64) {
    self.device = device
    self.inode = inode
    self.offset = offset
  }
}
