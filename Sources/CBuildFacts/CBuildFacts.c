#include "CBuildFacts.h"

const char *pinion_commit(void) { return PINION_COMMIT; }
