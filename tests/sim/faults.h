// What may go wrong in a simulated world, and how often.
#ifndef COEDIT_TESTS_SIM_FAULTS_H_
#define COEDIT_TESTS_SIM_FAULTS_H_

#include "absl/time/time.h"

namespace coedit::sim {

struct Faults {
  // Of one message on the way, each direction; a connection keeps its order.
  absl::Duration delay_max = absl::Milliseconds(80);
  // Of one append at the store.
  absl::Duration store_delay_max = absl::Milliseconds(20);

  // Mean times between faults; infinite: never.
  absl::Duration cut_every = absl::InfiniteDuration();      // one connection is lost
  absl::Duration restart_every = absl::InfiniteDuration();  // the server dies and starts again
  // Percent.
  int half_open = 0;       // of cuts: the server learns of it only much later
  int append_fails = 0;    // of appends: outcome unknown, written or not
  int append_refused = 0;  // of appends: nothing written
  int bad_submit = 0;      // of submits: the server will refuse it
  int never_composed = 0;  // of opens: the client takes single commits only
  int resend_frozen = 0;   // of operations never committed: sent again as they were, on their base
  int abandon_open = 0;    // of connections: given up just after `open` was sent, which comes late
};

}  // namespace coedit::sim

#endif  // COEDIT_TESTS_SIM_FAULTS_H_
