#ifndef C_BUILD_FACTS_H
#define C_BUILD_FACTS_H

/// The commit that this build says it is of: the PINION_COMMIT of the environment that it was built in, or "".
const char *pinion_commit(void);

#endif
