/// A time or a span in milliseconds. Monotonic times come from a clock that goes on while the machine sleeps
/// (CLOCK_BOOTTIME); wall times are Unix milliseconds. Which of the two a parameter is, its name says (`now`, `ts`).
package typealias Milliseconds = Int64
