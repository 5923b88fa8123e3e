"""Quantity name → symbol, formula, unit, source: the only list of terms that evidence may use."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A term: what it is called in print, how it is computed, its unit, and where it comes from."""

    symbol: str
    formula: str
    unit: str
    source: str


GLOSSARY: dict[str, Quantity] = {
    "nonfinite_cells": Quantity(
        symbol="n(NaN, ±∞)",
        formula="cells of an array that are NaN or infinite",
        unit="cells",
        source="IEEE 754-2019, §6",
    ),
    "input_rms": Quantity(
        symbol="rms(x)",
        formula="√(mean x²) of what the first trainable kernel receives, after all preprocessing in the model",
        unit="1",
        source="LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3",
    ),
    "input_peak": Quantity(
        symbol="max|x|",
        formula="largest magnitude of what the first trainable kernel receives",
        unit="1",
        source="LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3",
    ),
    "feature_scale_ratio": Quantity(
        symbol="s_max/s_min",
        formula="largest over smallest scale of the columns that vary; scale = rms, or max|x| where known",
        unit="1",
        source="LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3",
    ),
    "mean_to_spread": Quantity(
        symbol="|μ|/σ",
        formula="median over varying features of |mean| over standard deviation",
        unit="1",
        source="LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3",
    ),
    "constant_features": Quantity(
        symbol="n(σ=0)",
        formula="features that have the same value in every row read",
        unit="features",
        source="scikit-learn, sklearn.feature_selection.VarianceThreshold",
    ),
    "varying_inputs": Quantity(
        symbol="n(σ>0)",
        formula="inputs that differ between any two rows read",
        unit="inputs",
        source="scikit-learn, sklearn.feature_selection.VarianceThreshold",
    ),
    "label_order": Quantity(
        symbol="(q−q₀)/(1−q₀)",
        formula="share q of neighbouring rows of equal label, less the share q₀ of a random order; 1 = sorted",
        unit="1",
        source="Bottou 2012, Stochastic Gradient Descent Tricks, §5.1, doi:10.1007/978-3-642-35289-8_25",
    ),
    "unseen_classes": Quantity(
        symbol="n(held out only)",
        formula="classes that occur only in the rows that `validation_split` holds out",
        unit="classes",
        source="Keras documentation, Model.fit, `validation_split`",
    ),
    "class_ratio": Quantity(
        symbol="n_max/n_min",
        formula="rows of the largest class over rows of the smallest class that occurs",
        unit="1",
        source="He and Garcia 2009, Learning from Imbalanced Data, doi:10.1109/TKDE.2008.239",
    ),
    "rare_class_share": Quantity(
        symbol="k_rare/k",
        formula="classes with fewer than 10 rows and less than a fifth of an even share, over all classes that occur",
        unit="1",
        source="He and Garcia 2009, Learning from Imbalanced Data, doi:10.1109/TKDE.2008.239",
    ),
    "conflict_share": Quantity(
        symbol="n_conflict/n",
        formula="rows whose inputs equal an earlier row's and whose target differs, over the rows compared",
        unit="1",
        source="Northcutt, Athalye, Mueller 2021, Pervasive Label Errors, arXiv:2103.14749",
    ),
    "token_id": Quantity(
        symbol="i",
        formula="number of the row of an embedding that is looked up",
        unit="1",
        source="Keras documentation, layers.Embedding, `input_dim`",
    ),
    "input_range": Quantity(
        symbol="max x − min x",
        formula="range of what a layer receives",
        unit="1",
        source="Keras documentation, keras.applications, `preprocess_input`",
    ),
    "mean_shift": Quantity(
        symbol="|μ₁−μ₂|/σ",
        formula="median over features of the distance of means over the pooled standard deviation",
        unit="1",
        source="Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, §2.2 (d)",
    ),
    "spread_ratio": Quantity(
        symbol="max(σ₁/σ₂, σ₂/σ₁)",
        formula="median over features of the larger over the smaller standard deviation of two sets",
        unit="1",
        source="Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, §2.2",
    ),
    "weights_per_row": Quantity(
        symbol="n_w/n",
        formula="trainable weights over training rows",
        unit="1",
        source="Zhang, Bengio, Hardt, Recht, Vinyals 2017, arXiv:1611.03530, §2",
    ),
    "preprocessing_gain": Quantity(
        symbol="rms(out)/rms(in)",
        formula="rms of what a layer without a kernel makes over rms of what it receives",
        unit="1",
        source="Keras documentation, layers.RandomBrightness, `value_range`",
    ),
    "input_spread": Quantity(
        symbol="σ(x)",
        formula="largest standard deviation over the features that a first trainable kernel receives",
        unit="1",
        source="LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3",
    ),
    "trainable_weights": Quantity(
        symbol="n_w",
        formula="number of trainable weights",
        unit="weights",
        source="Keras guide Transfer learning & fine-tuning",
    ),
    "nonlinear_activations": Quantity(
        symbol="n_σ",
        formula="layers with a non-linear activation between the first and the last kernel",
        unit="layers",
        source="Goodfellow, Bengio, Courville 2016, Deep Learning, §6.1",
    ),
    "hidden_units": Quantity(
        symbol="n",
        formula="units of a hidden layer that everything passes through",
        unit="units",
        source="Lu, Shin, Su, Karniadakis 2020, arXiv:1903.06733",
    ),
    "hidden_softmax_layers": Quantity(
        symbol="n",
        formula="softmax layers whose output another kernel reads",
        unit="layers",
        source="Humbatova, Jahangirova, Tonella 2021, doi:10.1145/3460319.3464825",
    ),
    "dropout_rate": Quantity(
        symbol="r",
        formula="share of units dropped in a step",
        unit="1",
        source="Srivastava et al. 2014, JMLR 15, §7.3 (with p = 1 − r)",
    ),
    "values_per_feature": Quantity(
        symbol="m",
        formula="values of one feature in a batch: samples times positions",
        unit="values",
        source="Ioffe, Szegedy 2015, arXiv:1502.03167, algorithm 1",
    ),
    "target_mean": Quantity(
        symbol="|ȳ|",
        formula="absolute mean of the targets",
        unit="target's own",
        source="Ioffe, Szegedy 2015, arXiv:1502.03167 (against the start β = 0)",
    ),
    "target_std": Quantity(
        symbol="σ(y)",
        formula="standard deviation of the targets",
        unit="target's own",
        source="Ioffe, Szegedy 2015, arXiv:1502.03167 (against the start γ = 1)",
    ),
    "normalised_axis": Quantity(
        symbol="axis",
        formula="axis whose entries keep their own mean and deviation",
        unit="axis",
        source="Keras documentation, layers.BatchNormalization, `axis`",
    ),
    "input_dependence": Quantity(
        symbol="‖f(x) − f(πx)‖/‖f(x)‖",
        formula="relative change of the outputs when the samples are exchanged",
        unit="1",
        source="Ben Braiek, Khomh 2023, arXiv:2204.00694 (data dependency)",
    ),
    "cross_sample_influence": Quantity(
        symbol="‖Δf(xᵢ)‖/‖f(xᵢ)‖",
        formula="relative change of a sample's output when the others of its batch change",
        unit="1",
        source="Ben Braiek, Khomh 2023, arXiv:2204.00694",
    ),
    "mode_gap": Quantity(
        symbol="‖f_train − f_infer‖/‖f_infer‖",
        formula="relative difference of the outputs of training and inference mode",
        unit="1",
        source="Li, Chen, Hu, Yang 2019, arXiv:1801.05134",
    ),
    "output_rank": Quantity(
        symbol="rank f(x)",
        formula="axes of the output for one sample",
        unit="axes",
        source="Keras documentation, layers.Dense",
    ),
    "relative_gradient_ratio": Quantity(
        symbol="s₁/max s",
        formula="relative gradient s = ‖g‖/‖w‖ of the first kernel over the largest",
        unit="1",
        source="You, Gitman, Ginsburg 2017, arXiv:1708.03888; Glorot, Bengio 2010",
    ),
    "saturating_layers": Quantity(
        symbol="n",
        formula="hidden layers in a row with a saturating activation",
        unit="layers",
        source="Glorot, Bengio 2010, AISTATS",
    ),
    "saturated_share": Quantity(
        symbol="|f′(z)| < 0.01·max|f′|",
        formula="share of (sample, unit) pairs where the slope is below 1 % of its maximum",
        unit="1",
        source="Rakitianskaia, Engelbrecht 2015, doi:10.1109/SSCI.2015.202",
    ),
    "dead_share": Quantity(
        symbol="n_dead/n",
        formula="share of units that are zero for every probe sample",
        unit="1",
        source="Lu, Shin, Su, Karniadakis 2020, arXiv:1903.06733",
    ),
    "time_steps": Quantity(
        symbol="T",
        formula="time steps a recurrent layer reads",
        unit="steps",
        source="Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063",
    ),
    "identical_units": Quantity(
        symbol="n_equal/n",
        formula="share of units whose incoming weights equal another unit's",
        unit="1",
        source="Goodfellow, Bengio, Courville 2016, Deep Learning, §8.4",
    ),
    "signal_ratio": Quantity(
        symbol="σ(a_L)/σ(a_1)",
        formula="deviation over samples, averaged over units, of the last hidden layer over the first's",
        unit="1",
        source="Mishkin, Matas 2016, arXiv:1511.06422",
    ),
    "kernel_scale": Quantity(
        symbol="σ(w)/√(2/fan-in)",
        formula="deviation of a kernel over He's",
        unit="1",
        source="He, Zhang, Ren, Sun 2015, arXiv:1502.01852, eq. 10",
    ),
    "biased_layers": Quantity(
        symbol="n",
        formula="layers with a bias",
        unit="layers",
        source="Neyshabur, Salakhutdinov, Srebro 2015, arXiv:1506.02617, §2",
    ),
    "progress": Quantity(
        symbol="p",
        formula="(L_null − L) / (L_null − L_perfect), or (s − s_null) / (1 − s_null) of the task score where L_perfect is unknown",
        unit="1",
        source="Karpathy 2019, A Recipe for Training Neural Networks: the input-independent baseline",
    ),
    "update_ratio": Quantity(
        symbol="‖ΔW‖/‖W‖",
        formula="norm of a step's change of a kernel over the kernel's norm, median over kernels",
        unit="1",
        source="CS231n course notes, Ratio of weights:updates",
    ),
    "held_out_score": Quantity(
        symbol="s",
        formula="accuracy, or R², on rows that were not trained on",
        unit="1",
        source="Hastie et al. 2009, The Elements of Statistical Learning, section 7.2",
    ),
    "output_low": Quantity(
        symbol="min f",
        formula="smallest value that `predict` returns over random weights of the last layer",
        unit="1",
        source="Goodfellow, Bengio, Courville 2016, Deep Learning, §6.2.2",
    ),
    "output_high": Quantity(
        symbol="max f",
        formula="largest value that `predict` returns over random weights of the last layer",
        unit="1",
        source="Goodfellow, Bengio, Courville 2016, Deep Learning, §6.2.2",
    ),
    "output_range": Quantity(
        symbol="max f − min f",
        formula="range of what `predict` returns over random weights of the last layer",
        unit="1",
        source="Nikanjam et al. 2021, NeuraLint, arXiv:2105.08095",
    ),
    "out_of_reach_share": Quantity(
        symbol="n(y∉f)/n",
        formula="target cells outside the range of the output by more than 1 % of σ(y), over all cells",
        unit="1",
        source="Goodfellow, Bengio, Courville 2016, Deep Learning, §6.2.2",
    ),
    "output_units": Quantity(
        symbol="k",
        formula="units of the output",
        unit="units",
        source="Bishop 2006, Pattern Recognition and Machine Learning, §4.3.4",
    ),
    "label_width": Quantity(
        symbol="dim y",
        formula="numbers of target for each row of outputs: 1 for class numbers, k for one-hot rows",
        unit="numbers",
        source="Keras documentation, CategoricalCrossentropy, SparseCategoricalCrossentropy",
    ),
    "labels_outside_share": Quantity(
        symbol="n(y∉[0,1])/n",
        formula="label cells below 0 or above 1, over all cells",
        unit="1",
        source="Keras documentation, BinaryCrossentropy",
    ),
    "misnumbered_share": Quantity(
        symbol="n(y∉{0…k−1})/n",
        formula="labels that are not the number of an output unit, over all labels",
        unit="1",
        source="Keras documentation, SparseCategoricalCrossentropy",
    ),
    "rows_sum_to_one": Quantity(
        symbol="Σf = 1",
        formula="1 where every row of outputs sums to one, else 0",
        unit="1",
        source="Bishop 2006, Pattern Recognition and Machine Learning, §4.3.4",
    ),
    "multi_label_share": Quantity(
        symbol="n(Σy ≥ 2)/n",
        formula="label rows with two ones or more, over all rows",
        unit="1",
        source="Bishop 2006, Pattern Recognition and Machine Learning, §4.3.2",
    ),
    "distinct_targets": Quantity(
        symbol="|{y}|",
        formula="different values that the targets take in the rows read",
        unit="values",
        source="Keras documentation, losses",
    ),
    "near_zero_share": Quantity(
        symbol="n(|y| < σ/1000)/n",
        formula="target cells nearer to 0 than a thousandth of their standard deviation, over all cells",
        unit="1",
        source="Hyndman, Koehler 2006, Measures of forecast accuracy, doi:10.1016/j.ijforecast.2006.03.001",
    ),
    "negative_share": Quantity(
        symbol="n(y < 0)/n",
        formula="target cells below 0, over all cells",
        unit="1",
        source="Keras documentation, losses.Poisson",
    ),
    "loss_gradient_norm": Quantity(
        symbol="‖∂L/∂f‖",
        formula="norm of the gradient of the loss by the output on the probe batch; 0 where there is none",
        unit="1",
        source="Baydin, Pearlmutter, Radul, Siskind 2018, arXiv:1502.05767",
    ),
    "loss_at_targets": Quantity(
        symbol="L(y, y)",
        formula="loss of an output that equals the targets",
        unit="1",
        source="Karpathy 2019, A Recipe for Training Neural Networks",
    ),
    "batch_growth": Quantity(
        symbol="L(2B)/L(B)",
        formula="loss of the probe batch taken twice over that of the batch: 1 = mean, 2 = sum",
        unit="1",
        source="Ben Braiek, Khomh 2022, TheDeepChecker, arXiv:2204.00694",
    ),
    "penalty_ratio": Quantity(
        symbol="R/L",
        formula="regularisation terms over the data loss above its lowest value, at initialisation",
        unit="1",
        source="Ben Braiek, Khomh 2022, TheDeepChecker, arXiv:2204.00694",
    ),
    "initial_loss_ratio": Quantity(
        symbol="L₀/L_null",
        formula="loss at initialisation over that of the best constant prediction, both above the lowest loss",
        unit="1",
        source="Karpathy 2019, A Recipe for Training Neural Networks",
    ),
    "target_rms": Quantity(
        symbol="rms(y)",
        formula="largest over columns of √(mean y²) of the targets",
        unit="1",
        source="LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3",
    ),
    "learning_rate": Quantity(
        symbol="η",
        formula="step length of the optimizer; with a schedule the largest over the planned steps",
        unit="1",
        source="Keras documentation, optimizers",
    ),
    "optimizer_argument": Quantity(
        symbol="ε, β, …",
        formula="an argument of the optimizer",
        unit="1",
        source="Kingma, Ba 2015, Adam, arXiv:1412.6980",
    ),
    "planned_steps": Quantity(
        symbol="T",
        formula="epochs × steps per epoch of the coming `fit`",
        unit="steps",
        source="Keras documentation, Model.fit",
    ),
}
