/* The queue of native/cluster/queue.cc, on a machine that orders memory as weakly as C++ allows. See README.md.
 *
 * A record is one slot and its number the position; the queue holds SLOTS of them. It must hold that
 *   - nobody reads a record that is being written, or writes over one that is being read (assertions of memory.pml),
 *   - each record is found at its position, also by a consumer that takes over from one that was killed at any instruction,
 *   - the consumer does not sleep when what it waits for is there (an end state that is none: SPIN calls it invalid).
 *
 * Each order can be taken out by a definition: test/unit/model.test.ts does, and must see the check fail.
 */
#ifndef RECORDS
#define RECORDS 3
#endif
#ifndef SLOTS
#define SLOTS 2
#endif
#define EARLY 1  /* how often a sleep may end by itself: time is up, a signal */
#ifndef KILLS
#define KILLS 1  /* how often the consumer may be killed */
#endif

/* The words of struct queue_producer and queue_consumer. */
#define HEAD 0
#define TAIL 1
#define SLEEPING 2
#define WAKE_AT 3
#define WORDS 4
#define SHARED SLEEPING
#define VALUES 12  /* that can be seen at one time; an assertion tells if it is too few */

#ifndef PUBLISH_HEAD
#define PUBLISH_HEAD RELEASE
#endif
#ifndef LOOK_AT_HEAD
#define LOOK_AT_HEAD ACQUIRE
#endif
#ifndef PUBLISH_TAIL
#define PUBLISH_TAIL RELEASE
#endif
#ifndef LOOK_AT_TAIL
#define LOOK_AT_TAIL ACQUIRE
#endif
#ifndef PUBLISH_FENCE
#define PUBLISH_FENCE fence
#endif
#ifndef WAIT_FENCE
#define WAIT_FENCE fence
#endif

#include "memory.pml"

bool asleep;  /* C is in the kernel's list of those who wait for the word SLEEPING */
bool killed;

/* futex(2): the kernel looks at the word and puts the thread to sleep with a lock in its hands, and has fences around both. */
inline futex_wait(expected) {
  atomic {
    fence(C);
    load(C, SLEEPING, RELAXED, found);
    if
    :: found == expected -> asleep = true
    :: else
    fi
  }
  !asleep
}
inline futex_wake() {
  atomic {
    fence(P);
    asleep = false
  }
}

inline look_at_tail() {
  load(P, TAIL, LOOK_AT_TAIL, found);
  if
  :: found >= tail && found <= published -> tail = found
  :: else -> assert(false) /* this consumer writes no rubbish */
  fi
}

/* Without its look at the tail, which is for the high watermark: it may as well find nothing new. */
inline publish() {
  if
  :: head != published ->
    published = head;
    store(P, HEAD, PUBLISH_HEAD, head);
    PUBLISH_FENCE(P);
    load(P, SLEEPING, RELAXED, found);
    if
    :: found ->
      load(P, WAKE_AT, RELAXED, found);
      if
      :: head >= found ->
        store(P, SLEEPING, RELAXED, 0);
        futex_wake()
      :: else
      fi
    :: else
    fi
  :: else
  fi
}

active proctype Producer() {
  byte seen, found, head, published, tail;
  do
  :: head < RECORDS ->
    /* Fits */
    if
    :: head - tail == SLOTS -> look_at_tail()
    :: else
    fi;
    if
    :: head - tail < SLOTS ->
      /* Reserve, Place */
      write(head % SLOTS, head);
      head++;
      if
      :: publish()
      :: skip /* more first */
      fi
    :: else -> publish() /* full, and it can wait: what there is has to be seen */
    fi
  :: else -> break
  od;
  publish()
}

inline wait() {
#ifdef LOOK_FIRST /* the wrong way round */
  load(C, HEAD, LOOK_AT_HEAD, head);
#endif
  store(C, WAKE_AT, RELAXED, tail + want);
  store(C, SLEEPING, RELAXED, 1);
  WAIT_FENCE(C);
#ifndef LOOK_FIRST
  load(C, HEAD, LOOK_AT_HEAD, head);
#endif
  if
  :: head - tail < want -> futex_wait(1)
  :: else
  fi;
  store(C, SLEEPING, RELAXED, 0)
}

active proctype Consumer() {
  byte seen, found, head, tail, at, want;
  do
  :: {
    /* QueueReader: goes on where the one before it ended */
    load(C, TAIL, RELAXED, tail);
    store(C, SLEEPING, RELAXED, 0);
    do
    :: tail == RECORDS -> break
    :: else ->
      load(C, HEAD, LOOK_AT_HEAD, head);
      assert(head - tail <= SLOTS);
      if
      :: head == tail ->
        if
        :: want = 1
        :: tail + 2 <= RECORDS -> want = 2
        fi;
        wait()
      :: else ->
        for (at : tail .. head - 1) {
          read(at % SLOTS, found);
          assert(found == at)
        }
        /* Release */
        store(C, TAIL, PUBLISH_TAIL, head);
        tail = head
      fi
    od;
    break
  } unless {
    killed -> killed = false;
    /* Its own words are what the next one begins with; the kernel has taken back its lock, and so shows it what this one saw. */
    d_step { asleep = false; seen = 0; found = 0; head = 0; at = 0; want = 0 }
  }
  od
}

/* What comes from outside, at any time or never. */
active proctype World() {
  byte kills, early;
  do
  :: kills < KILLS -> kills++; killed = true
  :: early < EARLY && asleep -> early++; asleep = false
  :: break
  od
}
