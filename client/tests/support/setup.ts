// Node 18 imports its random numbers when the first client id is made, which takes turns of the event
// loop that simulated time does not wait for. So a first one is made before the tests.
import { randomClientId } from '../../src/random_id.js';

await randomClientId();
