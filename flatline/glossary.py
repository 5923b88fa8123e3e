"""Quantity name → symbol, unit, formula, source: the only list of terms that evidence may use."""

from typing import NamedTuple


class Quantity(NamedTuple):
    """A term: what it is called in print, its unit, how it is computed, and where it comes from."""

    symbol: str
    unit: str
    formula: str
    source: str


# fmt: off
GLOSSARY: dict[str, Quantity] = {
    "nonfinite_cells": Quantity(
        "n(NaN, ±∞)", "cells", "cells of an array that are NaN or infinite", "IEEE 754-2019, §6"),
    "input_rms": Quantity(
        "rms(x)", "1", "√(mean x²) of what the first trainable kernel receives, after all preprocessing in the model",
        "LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3"),
    "input_peak": Quantity(
        "max|x|", "1", "largest magnitude of what the first trainable kernel receives",
        "LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3"),
    "feature_scale_ratio": Quantity(
        "s_max/s_min", "1", "largest over smallest scale of the columns that vary; scale = rms, or max|x| where known",
        "LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3"),
    "mean_to_spread": Quantity(
        "|μ|/σ", "1", "median over varying features of |mean| over standard deviation",
        "LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3"),
    "constant_features": Quantity(
        "n(σ=0)", "features", "features that have the same value in every row read",
        "scikit-learn, sklearn.feature_selection.VarianceThreshold"),
    "varying_inputs": Quantity(
        "n(σ>0)", "inputs", "inputs that differ between any two rows read",
        "scikit-learn, sklearn.feature_selection.VarianceThreshold"),
    "label_order": Quantity(
        "(q−q₀)/(1−q₀)", "1",
        "share q of neighbouring rows of equal label, less the share q₀ of a random order; 1 = sorted",
        "Bottou 2012, Stochastic Gradient Descent Tricks, §5.1, doi:10.1007/978-3-642-35289-8_25"),
    "unseen_classes": Quantity(
        "n(held out only)", "classes", "classes that occur only in the rows that `validation_split` holds out",
        "Keras documentation, Model.fit, `validation_split`"),
    "class_ratio": Quantity(
        "n_max/n_min", "1", "rows of the largest class over rows of the smallest class that occurs",
        "He and Garcia 2009, Learning from Imbalanced Data, doi:10.1109/TKDE.2008.239"),
    "rare_class_share": Quantity(
        "k_rare/k", "1",
        "classes with fewer than 10 rows and less than a fifth of an even share, over all classes that occur",
        "He and Garcia 2009, Learning from Imbalanced Data, doi:10.1109/TKDE.2008.239"),
    "conflict_share": Quantity(
        "n_conflict/n", "1",
        "rows whose inputs equal an earlier row's and whose target differs, over the rows compared",
        "Northcutt, Athalye, Mueller 2021, Pervasive Label Errors, arXiv:2103.14749"),
    "token_id": Quantity(
        "i", "1", "number of the row of an embedding that is looked up",
        "Keras documentation, layers.Embedding, `input_dim`"),
    "input_range": Quantity(
        "max x − min x", "1", "range of what a layer receives",
        "Keras documentation, keras.applications, `preprocess_input`"),
    "mean_shift": Quantity(
        "|μ₁−μ₂|/σ", "1", "median over features of the distance of means over the pooled standard deviation",
        "Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, §2.2 (d)"),
    "spread_ratio": Quantity(
        "max(σ₁/σ₂, σ₂/σ₁)", "1", "median over features of the larger over the smaller standard deviation of two sets",
        "Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, §2.2"),
    "weights_per_row": Quantity(
        "n_w/n", "1", "trainable weights over training rows",
        "Zhang, Bengio, Hardt, Recht, Vinyals 2017, arXiv:1611.03530, §2"),
    "preprocessing_gain": Quantity(
        "rms(out)/rms(in)", "1", "rms of what a layer without a kernel makes over rms of what it receives",
        "Keras documentation, layers.RandomBrightness, `value_range`"),
    "input_spread": Quantity(
        "σ(x)", "1", "largest standard deviation over the features that a first trainable kernel receives",
        "LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3"),
    "trainable_weights": Quantity(
        "n_w", "weights", "number of trainable weights", "Keras guide Transfer learning & fine-tuning"),
    "nonlinear_activations": Quantity(
        "n_σ", "layers", "layers with a non-linear activation between the first and the last kernel",
        "Goodfellow, Bengio, Courville 2016, Deep Learning, §6.1"),
    "hidden_units": Quantity(
        "n", "units", "units of a hidden layer that everything passes through",
        "Lu, Shin, Su, Karniadakis 2020, arXiv:1903.06733"),
    "hidden_softmax_layers": Quantity(
        "n", "layers", "softmax layers whose output another kernel reads",
        "Humbatova, Jahangirova, Tonella 2021, doi:10.1145/3460319.3464825"),
    "dropout_rate": Quantity(
        "r", "1", "share of units dropped in a step", "Srivastava et al. 2014, JMLR 15, §7.3 (with p = 1 − r)"),
    "values_per_feature": Quantity(
        "m", "values", "values of one feature in a batch: samples times positions",
        "Ioffe, Szegedy 2015, arXiv:1502.03167, algorithm 1"),
    "target_mean": Quantity(
        "|ȳ|", "target's own", "absolute mean of the targets",
        "Ioffe, Szegedy 2015, arXiv:1502.03167 (against the start β = 0)"),
    "target_std": Quantity(
        "σ(y)", "target's own", "standard deviation of the targets",
        "Ioffe, Szegedy 2015, arXiv:1502.03167 (against the start γ = 1)"),
    "normalised_axis": Quantity(
        "axis", "axis", "axis whose entries keep their own mean and deviation",
        "Keras documentation, layers.BatchNormalization, `axis`"),
    "input_dependence": Quantity(
        "‖f(x) − f(πx)‖/‖f(x)‖", "1", "relative change of the outputs when the samples are exchanged",
        "Ben Braiek, Khomh 2023, arXiv:2204.00694 (data dependency)"),
    "cross_sample_influence": Quantity(
        "‖Δf(xᵢ)‖/‖f(xᵢ)‖", "1", "relative change of a sample's output when the others of its batch change",
        "Ben Braiek, Khomh 2023, arXiv:2204.00694"),
    "inference_noise": Quantity(
        "‖f(x) − f(x)′‖/‖f(x)‖", "1", "relative difference of two predictions of the same samples",
        "Gal, Ghahramani 2016, arXiv:1506.02142 (dropout at test time)"),
    "mode_gap": Quantity(
        "‖f_train − f_infer‖/‖f_infer‖", "1", "relative difference of the outputs of training and inference mode",
        "Li, Chen, Hu, Yang 2019, arXiv:1801.05134"),
    "output_rank": Quantity(
        "rank f(x)", "axes", "axes of the output for one sample", "Keras documentation, layers.Dense"),
    "relative_gradient_ratio": Quantity(
        "s₁/max s", "1", "relative gradient s = ‖g‖/‖w‖ of the first kernel over the largest",
        "You, Gitman, Ginsburg 2017, arXiv:1708.03888; Glorot, Bengio 2010"),
    "saturating_layers": Quantity(
        "n", "layers", "hidden layers in a row with a saturating activation", "Glorot, Bengio 2010, AISTATS"),
    "saturated_share": Quantity(
        "|f′(z)| < 0.01·max|f′|", "1", "share of (sample, unit) pairs where the slope is below 1 % of its maximum",
        "Rakitianskaia, Engelbrecht 2015, doi:10.1109/SSCI.2015.202"),
    "dead_share": Quantity(
        "n_dead/n", "1", "share of units that are zero for every probe sample",
        "Lu, Shin, Su, Karniadakis 2020, arXiv:1903.06733"),
    "time_steps": Quantity(
        "T", "steps", "time steps a recurrent layer reads", "Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063"),
    "identical_units": Quantity(
        "n_equal/n", "1", "share of units whose incoming weights equal another unit's",
        "Goodfellow, Bengio, Courville 2016, Deep Learning, §8.4"),
    "signal_ratio": Quantity(
        "σ(a_L)/σ(a_1)", "1", "deviation over samples, averaged over units, of the last hidden layer over the first's",
        "Mishkin, Matas 2016, arXiv:1511.06422"),
    "kernel_scale": Quantity(
        "σ(w)/√(2/fan-in)", "1", "deviation of a kernel over He's",
        "He, Zhang, Ren, Sun 2015, arXiv:1502.01852, eq. 10"),
    "biased_layers": Quantity(
        "n", "layers", "layers with a bias", "Neyshabur, Salakhutdinov, Srebro 2015, arXiv:1506.02617, §2"),
    "progress": Quantity(
        "p", "1", "(L_null − L) / (L_null − L_perfect); (s − s_null) / (1 − s_null) of the score if unknown",
        "Karpathy 2019, A Recipe for Training Neural Networks: the input-independent baseline"),
    "update_ratio": Quantity(
        "‖ΔW‖/‖W‖", "1", "norm of a step's change of a kernel over the kernel's norm, median over kernels",
        "CS231n course notes, Ratio of weights:updates"),
    "held_out_score": Quantity(
        "s", "1", "accuracy, or R², on rows that were not trained on",
        "Hastie et al. 2009, The Elements of Statistical Learning, section 7.2"),
    "score_as_is": Quantity(
        "s₀", "1", "mean score without a change over paired short runs, against the mean with it; 1 is perfect",
        "Fisher 1935, The Design of Experiments, chapter 3"),
    "paired_gain": Quantity(
        "mean(s₁ − s₀)", "1", "mean over pairs of runs on the same seeds and rows of the score with less that without",
        "Fisher 1935, The Design of Experiments, chapter 3"),
    "output_low": Quantity(
        "min f", "1", "smallest value that `predict` returns over random weights of the last layer",
        "Goodfellow, Bengio, Courville 2016, Deep Learning, §6.2.2"),
    "output_high": Quantity(
        "max f", "1", "largest value that `predict` returns over random weights of the last layer",
        "Goodfellow, Bengio, Courville 2016, Deep Learning, §6.2.2"),
    "output_range": Quantity(
        "max f − min f", "1", "range of what `predict` returns over random weights of the last layer",
        "Nikanjam et al. 2021, NeuraLint, arXiv:2105.08095"),
    "out_of_reach_share": Quantity(
        "n(y∉f)/n", "1", "target cells outside the range of the output by more than 1 % of σ(y), over all cells",
        "Goodfellow, Bengio, Courville 2016, Deep Learning, §6.2.2"),
    "output_units": Quantity(
        "k", "units", "units of the output", "Bishop 2006, Pattern Recognition and Machine Learning, §4.3.4"),
    "label_width": Quantity(
        "dim y", "numbers", "numbers of target for each row of outputs: 1 for class numbers, k for one-hot rows",
        "Keras documentation, CategoricalCrossentropy, SparseCategoricalCrossentropy"),
    "labels_outside_share": Quantity(
        "n(y∉[0,1])/n", "1", "label cells below 0 or above 1, over all cells",
        "Keras documentation, BinaryCrossentropy"),
    "misnumbered_share": Quantity(
        "n(y∉{0…k−1})/n", "1", "labels that are not the number of an output unit, over all labels",
        "Keras documentation, SparseCategoricalCrossentropy"),
    "rows_sum_to_one": Quantity(
        "Σf = 1", "1", "1 where every row of outputs sums to one, else 0",
        "Bishop 2006, Pattern Recognition and Machine Learning, §4.3.4"),
    "multi_label_share": Quantity(
        "n(Σy ≥ 2)/n", "1", "label rows with two ones or more, over all rows",
        "Bishop 2006, Pattern Recognition and Machine Learning, §4.3.2"),
    "distinct_targets": Quantity(
        "|{y}|", "values", "different values that the targets take in the rows read", "Keras documentation, losses"),
    "near_zero_share": Quantity(
        "n(|y| < σ/1000)/n", "1",
        "target cells nearer to 0 than a thousandth of their standard deviation, over all cells",
        "Hyndman, Koehler 2006, Measures of forecast accuracy, doi:10.1016/j.ijforecast.2006.03.001"),
    "negative_share": Quantity(
        "n(y < 0)/n", "1", "target cells below 0, over all cells", "Keras documentation, losses.Poisson"),
    "loss_gradient_norm": Quantity(
        "‖∂L/∂f‖", "1", "norm of the gradient of the loss by the output on the probe batch; 0 where there is none",
        "Baydin, Pearlmutter, Radul, Siskind 2018, arXiv:1502.05767"),
    "loss_at_targets": Quantity(
        "L(y, y)", "1", "loss of an output that equals the targets",
        "Karpathy 2019, A Recipe for Training Neural Networks"),
    "batch_growth": Quantity(
        "L(2B)/L(B)", "1", "loss of the probe batch taken twice over that of the batch: 1 = mean, 2 = sum",
        "Ben Braiek, Khomh 2022, TheDeepChecker, arXiv:2204.00694"),
    "penalty_ratio": Quantity(
        "R/L", "1", "regularisation terms over the data loss above its lowest value, at initialisation",
        "Ben Braiek, Khomh 2022, TheDeepChecker, arXiv:2204.00694"),
    "initial_loss_ratio": Quantity(
        "L₀/L_null", "1",
        "loss at initialisation over that of the best constant prediction, both above the lowest loss",
        "Karpathy 2019, A Recipe for Training Neural Networks"),
    "target_rms": Quantity(
        "rms(y)", "1", "largest over columns of √(mean y²) of the targets",
        "LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3"),
    "learning_rate": Quantity(
        "η", "1", "step length of the optimizer; with a schedule the largest over the planned steps",
        "Keras documentation, optimizers"),
    "optimizer_argument": Quantity(
        "ε, β, …", "1", "an argument of the optimizer", "Kingma, Ba 2015, Adam, arXiv:1412.6980"),
    "planned_steps": Quantity(
        "T", "steps", "epochs × steps per epoch of the coming `fit`", "Keras documentation, Model.fit"),
    "layer_update_ratio": Quantity(
        "‖ΔW_l‖/‖W_l‖", "1", "norm of a step's change of one layer's kernel over the kernel's norm, median over steps",
        "CS231n course notes, Ratio of weights:updates"),
    "moving_steps": Quantity(
        "n(ΔW≠0)", "steps", "sampled steps in which a layer's weights changed at all",
        "Jiang et al. 2025, TrainCheck, arXiv:2506.14813"),
    "gradient_growth": Quantity(
        "‖g‖/med ‖g‖", "1", "norm of the whole gradient over its median in all sampled steps before",
        "Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063"),
    "backward_growth": Quantity(
        "s₁/s_L", "1", "relative gradient s = ‖g‖/‖W‖ of the first kernel over the last kernel's",
        "Glorot, Bengio 2010, AISTATS"),
    "relative_output_spread": Quantity(
        "σ(f)/σ(y)", "1", "largest deviation of an output over samples, over that of the targets",
        "Ben Braiek, Khomh 2023, arXiv:2204.00694"),
    "probability_spread": Quantity(
        "σ(f)", "1", "largest deviation over samples of what an output of classes returns",
        "Ben Braiek, Khomh 2023, arXiv:2204.00694"),
    "predicted_classes": Quantity(
        "|{argmax f}|", "classes", "different classes that are predicted for the probe samples",
        "Ben Braiek, Khomh 2023, arXiv:2204.00694"),
    "loss_swing": Quantity(
        "Δp", "1", "1.48 · median |change| of the progress from one window of steps to the next",
        "Von Neumann 1941, doi:10.1214/aoms/1177731677"),
    "gradient_jump": Quantity(
        "‖g‖/med ‖g‖", "1", "norm of a step's gradient over the median of the 20 sampled steps before",
        "Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063"),
    "penalty_to_gap": Quantity(
        "R/(L_null − L_perfect)", "1", "penalties over the way from the best constant prediction to a perfect fit",
        "Ben Braiek, Khomh 2022, TheDeepChecker, arXiv:2204.00694"),
    "weight_shrinkage": Quantity(
        "‖W‖/‖W₀‖", "1", "norm of a kernel over its norm in the first sampled step",
        "Krogh, Hertz 1991, A Simple Weight Decay Can Improve Generalization"),
    "kernel_correlation": Quantity(
        "|Σ w_i w_j| / Σ w²", "1", "absolute correlation of neighbouring cells of a layer's kernels, not centred",
        "CS231n course notes, First-layer visualizations"),
    "duplicate_share": Quantity(
        "n(|r| > 0.99)/n", "1", "share of a layer's channels that vary whose output is a multiple of another's",
        "RoyChowdhury, Sharma, Learned-Miller 2017, Reducing Duplicate Filters in Deep Neural Networks"),
    "border_saliency": Quantity(
        "Σ_frame |g·Δx| / Σ |g·Δx|", "1",
        "share of a frame of 1/16 of the width in |gradient of the answer × deviation from the mean image|",
        "Lapuschkin et al. 2019, Unmasking Clever Hans predictors, doi:10.1038/s41467-019-08987-4"),
    "blind_share": Quantity(
        "n_blind/n", "1", "share of an input's cells that differ between samples and that no output changes with",
        "Ben Braiek, Khomh 2023, arXiv:2204.00694 (data dependency)"),
    "class_alignment": Quantity(
        "λ₁/Σλ", "1", "share of the first principal direction in the input gradients of four classes, less their mean",
        "Simonyan, Vedaldi, Zisserman 2013, arXiv:1312.6034; Yang et al. 2018, arXiv:1711.03953"),
    "accuracy": Quantity(
        "a", "1", "share of right answers on the training rows of an epoch, or AUC, as `fit` reports it",
        "Keras documentation, Accuracy metrics"),
    "metric_range": Quantity(
        "max s − min s", "1", "range of a metric on the training rows over the epochs", "Keras documentation, Metrics"),
    "validation_rise": Quantity(
        "(L_val − min L_val)/(L_null − min L_val)", "1", "validation loss above its best, over the way to that best",
        "Prechelt 1998, Early Stopping – But When?, doi:10.1007/3-540-49430-8_3"),
    "training_loss": Quantity(
        "L", "1", "training loss as the optimizer saw it, penalties included, mean over the steps since the row before",
        "Goodfellow, Bengio, Courville 2016, Deep Learning, §8.1"),
    "epoch_value": Quantity(
        "m", "its own", "a loss or metric as `fit` reports it at the end of an epoch",
        "Keras documentation, Model.fit, the History object"),
    "gradient_norm": Quantity(
        "‖g‖", "1", "norm of the gradient of the training loss by a layer's kernel, or by all its weights without one",
        "Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063"),
    "weight_norm": Quantity(
        "‖W‖", "1", "norm of a layer's kernel, or of all its weights without one, before the step changes it",
        "Krogh, Hertz 1991, A Simple Weight Decay Can Improve Generalization"),
    "weight_growth": Quantity(
        "‖W‖/‖W₀‖", "1", "norm of a kernel over its norm when the run began, median over kernels",
        "Glorot, Bengio 2010, AISTATS"),
    "activation_mean": Quantity(
        "μ(a)", "1", "mean of all cells of what a layer returns for a training batch", "Glorot, Bengio 2010, AISTATS"),
    "activation_spread": Quantity(
        "σ(a)", "1", "standard deviation of all cells of what a layer returns for a training batch",
        "Glorot, Bengio 2010, AISTATS"),
    "output_spread": Quantity(
        "max σ(f)", "1", "largest deviation over the probe samples of any unit of an output, as `predict` returns it",
        "Ben Braiek, Khomh 2023, arXiv:2204.00694"),
}
# fmt: on
