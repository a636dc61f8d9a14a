// One file for all suites of logits/tensor: loading TensorFlow.js takes longer than most of them.
import './choice.suite.ts';
import './derivatives.suite.ts';
import './golden.suite.ts';
import './invariance.suite.ts';
import './refusals.suite.ts';
import './row-forms.suite.ts';
import './stability.suite.ts';
