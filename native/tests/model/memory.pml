/* Memory as the C++ standard lets a machine have it: a load may see old values, and two threads need not agree on what is old.
 *
 * This is the view machine of the literature (Kang et al., "A promising semantics for relaxed-memory concurrency", POPL 2017,
 * without its promises): it has the executions of RC11 in which no load depends on its own future. Of each word the values that
 * can still be seen are kept, in the order in which they replace each other. A thread has a view: of each word the oldest value
 * that it may still see. A release store takes the storer's view along, an acquire load of that value joins it to the loader's.
 * A relaxed store takes along only what a fence left; what a relaxed load found becomes the thread's own at its next fence. A
 * full fence exchanges views with all other full fences.
 *
 * Plain memory (the bytes of a record) must not be raced for: whoever reads a slot must have the writing of it in view, whoever writes
 * it again the reading. Loads that are carried out after later stores, which views do not have, are seen by that as well.
 *
 * Threads are P and C. Words are numbered; SHARED is the one that both write.
 */
#define RELAXED 0
#define ACQUIRE 1
#define RELEASE 2

#define P 0
#define C 1

typedef View {
  byte at[WORDS];   /* of each word, the index of the oldest value that can be seen */
  byte accesses[2]  /* how many plain accesses of each thread are known of */
}
typedef Message {
  byte value;
  View view  /* what a thread that acquires this value learns */
}
typedef Word {
  Message message[VALUES];
  byte last
}
typedef Thread {
  View current;   /* what it sees now */
  View acquired;  /* what it will see after a fence */
  View released   /* what its relaxed stores take along: what it saw at its last fence */
}

Word word[WORDS];
Thread thread[2];
View fences;          /* what all full fences together have seen */
byte written[SLOTS];  /* of each slot, which access of P wrote it last, */
byte was_read[SLOTS]; /* and which access of C read it last */
byte data[SLOTS];

hidden byte i, w, k, f;  /* of loops within one step */

inline join(mine, theirs) {
  for (i : 0 .. WORDS - 1) { mine.at[i] = (mine.at[i] > theirs.at[i] -> mine.at[i] : theirs.at[i]) }
  mine.accesses[P] = (mine.accesses[P] > theirs.accesses[P] -> mine.accesses[P] : theirs.accesses[P]);
  mine.accesses[C] = (mine.accesses[C] > theirs.accesses[C] -> mine.accesses[C] : theirs.accesses[C])
}

inline copy(mine, theirs) {
  for (i : 0 .. WORDS - 1) { mine.at[i] = theirs.at[i] }
  mine.accesses[P] = theirs.accesses[P];
  mine.accesses[C] = theirs.accesses[C]
}

inline shift(index, from, change) { index = (index >= from -> index + change : index) }
/* Adds `change` to every index of word `l` that is `from` or more. */
inline renumber(l, from, change) {
  for (w : 0 .. WORDS - 1) {
    for (k : 0 .. VALUES - 1) { shift(word[w].message[k].view.at[l], from, change) }
  }
  for (k : P .. C) {
    shift(thread[k].current.at[l], from, change);
    shift(thread[k].acquired.at[l], from, change);
    shift(thread[k].released.at[l], from, change)
  }
  shift(fences.at[l], from, change)
}

inline clear(old) {
  old.value = 0;
  for (i : 0 .. WORDS - 1) { old.view.at[i] = 0 }
  old.view.accesses[P] = 0;
  old.view.accesses[C] = 0
}

/* Values that no thread can see any more are no difference between states. */
inline forget(l) {
  do
  :: thread[P].current.at[l] > 0 && thread[C].current.at[l] > 0 ->
    for (k : 1 .. word[l].last) {
      word[l].message[k - 1].value = word[l].message[k].value;
      copy(word[l].message[k - 1].view, word[l].message[k].view)
    }
    clear(word[l].message[word[l].last]);
    word[l].last--;
    renumber(l, 1, -1)
  :: else -> break
  od
}

/* Any value that is not older than what the thread has seen. `seen` and `into` are the process's own. */
inline load(me, l, order, into) {
  atomic {
    seen = thread[me].current.at[l];
    do
    :: seen < word[l].last -> seen++
    :: break
    od;
    skip; /* SPIN lets no loop end where a d_step begins */
    d_step {
      into = word[l].message[seen].value;
      thread[me].current.at[l] = seen;
      join(thread[me].acquired, word[l].message[seen].view);
      if
      :: order == ACQUIRE -> join(thread[me].current, word[l].message[seen].view)
      :: else
      fi;
      join(thread[me].acquired, thread[me].current);
      forget(l);
      seen = 0
    }
  }
}

/* The new value replaces what the thread has seen, but not necessarily what another one has just stored. */
inline store(me, l, order, with) {
  atomic {
    seen = word[l].last + 1;
    do
    :: l == SHARED && seen > thread[me].current.at[l] + 1 -> seen--
    :: break
    od;
    skip; /* SPIN lets no loop end where a d_step begins */
    d_step {
      assert(word[l].last + 1 < VALUES);
      renumber(l, seen, 1);
      for (k : 0 .. word[l].last - seen) {
        word[l].message[word[l].last + 1 - k].value = word[l].message[word[l].last - k].value;
        copy(word[l].message[word[l].last + 1 - k].view, word[l].message[word[l].last - k].view)
      }
      word[l].last++;
      thread[me].current.at[l] = seen;
      thread[me].acquired.at[l] = (thread[me].acquired.at[l] > seen -> thread[me].acquired.at[l] : seen);
      word[l].message[seen].value = with;
      if
      :: order == RELEASE -> copy(word[l].message[seen].view, thread[me].current)
      :: else -> copy(word[l].message[seen].view, thread[me].released)
      fi;
      word[l].message[seen].view.at[l] = seen;
      forget(l);
      seen = 0
    }
  }
}

inline fence(me) {
  d_step {
    join(thread[me].current, thread[me].acquired);
    join(thread[me].current, fences);
    copy(fences, thread[me].current);
    copy(thread[me].acquired, thread[me].current);
    copy(thread[me].released, thread[me].current);
    for (f : 0 .. WORDS - 1) { forget(f) }
  }
}

/* None, … */
inline no_fence(me) { skip }

/* … and one that acquires and releases, and exchanges nothing with the others: not enough, as a test shows. */
inline weak_fence(me) {
  d_step {
    copy(thread[me].current, thread[me].acquired);
    copy(thread[me].released, thread[me].current);
    for (f : 0 .. WORDS - 1) { forget(f) }
  }
}

/* Plain memory. Who does not have the other's last access in view races with it. */
inline write(slot, with) {
  d_step {
    assert(thread[P].current.accesses[C] >= was_read[slot]);
    thread[P].current.accesses[P]++;
    thread[P].acquired.accesses[P] = thread[P].current.accesses[P];
    written[slot] = thread[P].current.accesses[P];
    data[slot] = with
  }
}
inline read(slot, into) {
  d_step {
    assert(thread[C].current.accesses[P] >= written[slot]);
    thread[C].current.accesses[C]++;
    thread[C].acquired.accesses[C] = thread[C].current.accesses[C];
    was_read[slot] = thread[C].current.accesses[C];
    into = data[slot]
  }
}
